import type { ContainerFacts } from '../ledger/workload.ts';
import type { Row } from './answer.ts';

/** The ledger keeps only the beginning of a command line; the stored row has all of it. */
const MAX_COMMAND_BYTES = 512;

/**
 * The facts about a container in a row of osquery's `docker_containers` that ECS events lack. Rows are untrusted text: invalid
 * times and exit codes are left out.
 *
 * @example containerFacts({ command: 'nginx', status: 'Exited (137) 2 minutes ago' }) // { command: 'nginx', exitCode: 137 }
 */
export function containerFacts({ command, started_at, finished_at, status }: Row): ContainerFacts {
  const startedAtMs = instant(started_at);
  const finishedAtMs = instant(finished_at);
  const exitCode = /^Exited \((\d{1,3})\)/.exec(status ?? '')?.[1];
  return {
    command: command ? cut(command) : undefined,
    startedAtMs,
    finishedAtMs,
    exitCode: exitCode === undefined ? undefined : Number(exitCode),
  };
}

/** RFC 3339 with any fraction, as epoch ms. Docker writes the year 1 for a container that still runs; it is left out. */
function instant(text: string | undefined): number | undefined {
  const atMs = /^\d{4}-\d\d-\d\dT/.test(text ?? '') ? Date.parse(text ?? '') : Number.NaN;
  return atMs > 0 ? atMs : undefined;
}

/** Cuts a text without splitting a character. */
const cut = (text: string): string =>
  Buffer.from(text)
    .subarray(0, MAX_COMMAND_BYTES)
    .toString()
    .replace(/\uFFFD$/, '');
