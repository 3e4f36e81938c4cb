import { ticking } from './print.ts';

/** Quick work needs no progress. */
const PATIENCE_MS = 2000;

/** Shows progress like `ticking`, but only of work that takes longer than two seconds. @returns a function that stops it */
export function slowly(lineOf: (seconds: number) => string): () => void {
  let stop = (): void => {};
  const timer = setTimeout(() => {
    stop = ticking(lineOf);
  }, PATIENCE_MS);
  return () => {
    clearTimeout(timer);
    stop();
  };
}
