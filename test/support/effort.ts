/**
 * Scales a number of runs or lives by `TEST_EFFORT`: 1 in `npm test`, 10 in `npm run test:long`.
 *
 * @example fc.assert(property, { numRuns: scaled(20) }) // 200 in the long run
 */
export const scaled = (count: number): number => count * Number(process.env.TEST_EFFORT ?? 1);
