/**
 * Simulates a day: thousands of seeded task lives, in simulated time, with the real core and real agents. Compares them
 * with schedules on the same hosts and with the formulas of docs/spec/performance.md §3.1. The same seed gives the same
 * output.
 *
 *   npm run simulate -- --seed 1 --lifetimes sysdig2025 --drop 0.2 --json
 */
import { exitCodeOf, optionsOf } from './simulate-options.ts';

try {
  const { options, command } = optionsOf(process.argv.slice(2));
  const { simulate } = await import('./simulation.ts'); // a second of CPU, which help and mistakes do not need
  await simulate(options, command);
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
