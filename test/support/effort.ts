/**
 * Scales a number of runs or lives by `TEST_EFFORT`: 1 in `npm test`, 10 in `npm run test:long`.
 *
 * @param ofLong what the long run scales, where the short one has less
 * @example fc.assert(property, { numRuns: scaled(20) }) // 200 in the long run
 * @example aDay({ tasks: scaled(20, 60) }) // 20, and 600 in the long run
 */
export function scaled(count: number, ofLong = count): number {
  const effort = Number(process.env.TEST_EFFORT ?? 1);
  return effort === 1 ? count : ofLong * effort;
}
