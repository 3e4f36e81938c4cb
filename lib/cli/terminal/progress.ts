import { count, ticking } from './print.ts';

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

/** Passes workloads on, and shows how many have been read if that takes longer than two seconds. */
export async function* countedAloud<T>(workloads: AsyncIterable<T>): AsyncGenerator<T> {
  let read = 0;
  const stop = slowly(() => `${count(read, 'workload')} read`);
  try {
    for await (const workload of workloads) {
      read += 1;
      yield workload;
    }
  } finally {
    stop();
  }
}
