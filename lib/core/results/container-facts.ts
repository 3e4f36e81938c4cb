import type { ContainerFacts } from '../ledger/workload.ts';
import type { Row } from './answer.ts';

/** Of a command line the ledger keeps its beginning; the row has all of it. */
const MAX_COMMAND_BYTES = 512;

/**
 * What a row of osquery's `docker_containers` says of a container that ECS's events do not. Rows are hostile text: what is
 * no time or exit code is left out.
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

/** RFC 3339 with any fraction, to epoch ms. What has not ended has ended in the year 1. */
function instant(text: string | undefined): number | undefined {
  const atMs = /^\d{4}-\d\d-\d\dT/.test(text ?? '') ? Date.parse(text ?? '') : Number.NaN;
  return atMs > 0 ? atMs : undefined;
}

/** At whole characters. */
const cut = (text: string): string =>
  Buffer.from(text)
    .subarray(0, MAX_COMMAND_BYTES)
    .toString()
    .replace(/\uFFFD$/, '');
