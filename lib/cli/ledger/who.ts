import { clusterOf } from '../../core/ledger/coverage.ts';
import { type Tenant, whoHad } from '../../core/ledger/who-had.ts';
import { withDeployment } from '../deployment/deployment.ts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { columns, duration, printable, say, sayJson, when } from '../terminal/print.ts';
import { hostFacts, type InstanceFacts, instanceFactsOf, ownFacts } from './instance-facts.ts';

/** Shows which workload had an address at a time. */
export async function who(address: string, flags: DeploymentFlags & { at?: number; json: boolean }): Promise<void> {
  const nowMs = Date.now();
  const atMs = flags.at ?? nowMs;
  const { had, before, keptMs } = await withDeployment(flags, async ({ ledgerIndex, keptForMs }) => {
    const answer = whoHad(await ledgerIndex.tenants(address, atMs), atMs, nowMs);
    const withInstance = async (tenant: Tenant): Promise<InstanceTenant> => ({
      ...tenant,
      instance: await instanceFactsOf(tenant.record, ledgerIndex, nowMs),
    });
    const last = answer.before ? await withInstance(answer.before) : undefined;
    return { had: await Promise.all(answer.had.map(withInstance)), before: last, keptMs: await keptForMs() };
  });
  if (flags.json) {
    const json = { ip: address, at: new Date(atMs).toISOString(), had: had.map(jsonOf) };
    return sayJson({ ...json, before: before ? jsonOf(before) : null });
  }
  if (had.length === 0) {
    say(`No workload that the ledger knows had ${address} at ${when(atMs)}.`);
    if (atMs < nowMs - keptMs) say(`The ledger keeps ${duration(keptMs / 1000)}.`);
    if (before) say(`The last one before:\n${lines(before)}`);
    return;
  }
  if (had.length > 1) {
    say(`${had.length} workloads had ${address} at ${when(atMs)}, each in its own subnet:`);
  }
  say(had.map(lines).join('\n\n'));
}

/** A workload that had an address, and the EC2 instance under it. */
interface InstanceTenant extends Tenant {
  readonly instance?: InstanceFacts | undefined;
}

const lines = (tenancy: InstanceTenant): string => {
  const { record, fromMs, untilMs, instance } = tenancy;
  const { kind, identity, handling } = record;
  const heard = `no end is known; last event ${when(record.occurredAtMs)}, ${record.lastStatus}`;
  const facts = [
    ['from', when(fromMs)],
    ['until', untilMs === undefined ? heard : when(untilMs)],
    ['cluster', clusterOf(record)],
    ['subnet', identity.subnet],
    ['MAC', identity.mac],
    ['task definition', definitionOf(tenancy)],
    ['tags', identity.task_tags],
    ['host', handling?.host],
    ...(kind === 'ecs-task' ? hostFacts(instance) : ownFacts(instance)),
    ...imagesOf(tenancy).map((image) => ['image', image]),
  ];
  const known = facts.flatMap(([fact, value]) => (value ? [[`  ${fact}`, printable(value)]] : []));
  return `${printable(record.workload)}\n${columns(known)}`;
};

const jsonOf = (tenancy: InstanceTenant) => ({
  workload: tenancy.record.workload,
  from: new Date(tenancy.fromMs).toISOString(),
  until: tenancy.untilMs === undefined ? null : new Date(tenancy.untilMs).toISOString(),
  cluster: clusterOf(tenancy.record),
  subnet: tenancy.record.identity.subnet ?? null,
  mac: tenancy.record.identity.mac ?? null,
  taskDefinition: definitionOf(tenancy) ?? null,
  host: tenancy.record.handling?.host ?? null,
  instance: tenancy.instance ?? null,
  images: imagesOf(tenancy),
});

const definitionOf = ({ record: { identity } }: Tenant): string | undefined =>
  identity.task_family && [identity.task_family, identity.task_revision].filter(Boolean).join(':');

const imagesOf = ({ record }: Tenant): string[] => [
  ...new Set(
    record.containers.flatMap(({ image, imageDigest }) => [image, imageDigest].filter(Boolean).join(' ') || []),
  ),
];
