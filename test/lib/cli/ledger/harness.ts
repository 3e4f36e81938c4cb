import { afterEach, beforeEach, jest } from '@jest/globals';
import { DynamoPolicyStore } from '../../../../lib/aws/policy/policy-store.ts';
import { compareAddresses } from '../../../../lib/core/ledger/addresses.ts';
import type { WorkloadRecord } from '../../../../lib/core/ledger/workload.ts';
import { versionAfter } from '../../../../lib/core/policy/policy-version.ts';
import { aRecord, aSighting, recordSighting } from '../../../support/a-record.ts';
import { taskArn } from '../../../support/builders.ts';
import { folderOf, mayfly } from '../../../support/command.ts';
import { aTable } from '../../../support/dynamodb.ts';
import { plainPolicy } from '../../../support/plain-policy.ts';
import { TableWorld } from '../../../support/table-world.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

/** The time at which the commands run. */
export const NOW = T0 + 60 * MINUTE;

/** Fixes the commands' clock, because the events have fixed times. */
export function atNow(): void {
  beforeEach(() => {
    jest.spyOn(Date, 'now').mockReturnValue(NOW);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
}

/** A local Mayfly that commands can query. */
export async function aWatched() {
  const world = new TableWorld(await aTable());
  const ready = { dynamodb: process.env.TEST_DYNAMODB_ENDPOINT, tableName: world.table.name };
  const data = await folderOf({ 'ready.json': JSON.stringify(ready) });
  return { world, data, ask: (...args: string[]) => mayfly(...args, '--data', data) };
}

/** Makes the ledger keep a week: a search for what is not there then makes 170 requests instead of 900. */
export async function keepsAWeek({ table }: TableWorld): Promise<void> {
  const policy = { ...plainPolicy, ledgerKeepsSeconds: 7 * 86_400 };
  const said = { policy, sources: {}, message: '', pushedBy: 'test', pushedAtMs: T0 };
  await new DynamoPolicyStore(table).push(versionAfter(0, said), 0);
}

/** Writes a task to the ledger as the functions do: with containers a and b, and queries queued at T0. */
export async function enter({ ports: { ledger } }: TableWorld, n: number, record: Partial<WorkloadRecord> = {}) {
  const {
    seenLive,
    seenPostMortem,
    troubles,
    handling,
    handledVersion: _,
    ...snapshot
  } = aRecord({
    workload: taskArn(n),
    identity: { cluster: 'prod' },
    receivedAtMs: record.occurredAtMs ?? T0,
    ...record,
  });
  const { workload, version } = snapshot;
  const { firstEventAtMs, firstAnswerAtMs, deliveredAtMs: __, ...rest } = snapshot;
  if (firstEventAtMs < rest.occurredAtMs)
    await ledger.advance({
      ...rest,
      version: version - 1,
      occurredAtMs: firstEventAtMs,
      receivedAtMs: firstEventAtMs,
    });
  await ledger.advance(rest);
  const [entered] = await ledger.read([workload]);
  if (entered) await ledger.indexAddresses(entered, compareAddresses(entered.identity, {}, firstEventAtMs).gained);
  if (handling) await ledger.markHandled(workload, version, handling);
  if (seenLive.length + seenPostMortem.length > 0)
    await recordSighting(ledger, workload, aSighting(seenLive, seenPostMortem, firstAnswerAtMs ?? T0));
  for (const trouble of troubles) await ledger.recordTrouble(workload, trouble);
}
