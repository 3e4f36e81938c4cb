/** OK: works. WARN: works, but needs attention. FAIL: does not work. */
type Level = 'OK' | 'WARN' | 'FAIL';

/** The result of one check, as `--json` prints it. */
export interface Check {
  /** What was checked: `secret`, `certificate`, `queues`. */
  readonly area: string;
  readonly level: Level;
  readonly message: string;
  /** What to do; null if there is nothing to do. */
  readonly next: string | null;
}

/** Makes checks of one area. */
export const checksOf = (area: string) => ({
  ok: (message: string): Check => ({ area, level: 'OK', message, next: null }),
  warn: (message: string, next: string): Check => ({ area, level: 'WARN', message, next }),
  fail: (message: string, next: string): Check => ({ area, level: 'FAIL', message, next }),
});
