import { useEffect, useState } from 'preact/hooks';
import type { Refusal } from './api.ts';

/** A failed request, with the message of the server. */
class Failure extends Error {
  override readonly name = 'Failure';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const ENDED = 'The console does not answer. Is its command still running?';

/** The pause before a request that failed for want of a connection is retried, ms. */
export const RETRY_MS = 3000;

/** Whether an error may be temporary; a refusal is not. */
const isPassing = (error: unknown): boolean => !(error instanceof Failure) || error.status === 0 || error.status >= 500;

/** Asks the API. @throws {Failure} with a message for people */
export async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(`/api/${path}`, init).catch(() => {
    throw new Failure(0, ENDED);
  });
  const document: T | Refusal = await response.json().catch(() => ({ error: ENDED }));
  if (!response.ok) throw new Failure(response.status, (document as Refusal).error);
  return document as T;
}

export const post = <T>(path: string, body: unknown): Promise<T> =>
  ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** The state of a fetched document. The last value stays while the next request is in flight or has failed. */
export interface Fetched<T> {
  readonly value?: T;
  readonly error?: string;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Repeats `work`, each time after the milliseconds that it returned; stops when it returns undefined.
 *
 * @returns a function that ends it
 */
export function repeatedly(work: () => Promise<number | undefined>): () => void {
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const turn = async () => {
    const waitMs = await work();
    if (!isOver && waitMs !== undefined) timer = setTimeout(turn, waitMs);
  };
  void turn();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** Fetches a document, again whenever the path changes, and every `everyMs` if it is given. */
export function useFetched<T>(path: string, everyMs?: number): Fetched<T> {
  const [fetched, setFetched] = useState<Fetched<T> & { path: string }>({ path });
  useEffect(
    () =>
      repeatedly(async () => {
        try {
          const value = await ask<T>(path);
          setFetched({ path, value });
        } catch (error) {
          const kept = (before: typeof fetched) => (before.path === path ? before.value : undefined);
          setFetched((before) => ({ path, error: messageOf(error), value: kept(before) }));
          return isPassing(error) ? RETRY_MS : everyMs;
        }
        return everyMs;
      }),
    [path, everyMs],
  );
  return fetched.path === path ? fetched : {};
}
