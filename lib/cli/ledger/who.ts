import { LEDGER_KEEPS_MS } from '../../core/ledger/book.ts';
import { clusterOf } from '../../core/ledger/coverage.ts';
import { type Tenancy, whoHad } from '../../core/ledger/who-had.ts';
import { at, type PlaceFlags } from '../place.ts';
import { columns, printable, say, sayJson, when } from '../print.ts';
import { type Machine, machineFacts, machineOf } from './machine.ts';
import { KEPT_DAYS } from './times.ts';

/** Shows which workload had an address at a time. */
export async function who(address: string, flags: PlaceFlags & { at?: number; json: boolean }): Promise<void> {
  const atMs = flags.at ?? Date.now();
  const { had, before } = await at(flags, async ({ book }) => {
    const answer = await whoHad(address, atMs, book.between(atMs - LEDGER_KEEPS_MS, atMs));
    const onMachine = async (tenancy: Tenancy): Promise<Tenant> => {
      const machine = await machineOf(tenancy.record, book, Date.now());
      return { ...tenancy, ...(machine ? { machine } : {}) };
    };
    const last = answer.before ? await onMachine(answer.before) : undefined;
    return { had: await Promise.all(answer.had.map(onMachine)), before: last };
  });
  if (flags.json) {
    const json = { ip: address, at: new Date(atMs).toISOString(), had: had.map(jsonOf) };
    return sayJson({ ...json, before: before ? jsonOf(before) : null });
  }
  if (had.length === 0) {
    say(`No workload that the ledger knows had ${address} at ${when(atMs)}.`);
    if (atMs < Date.now() - LEDGER_KEEPS_MS) say(`The ledger keeps ${KEPT_DAYS} days.`);
    if (before) say(`Last before had it:\n${lines(before)}`);
    return;
  }
  if (had.length > 1) {
    say(
      `${had.length} workloads had ${address} at ${when(atMs)}, the latest first: they shared it, as on a host's own\n` +
        'network, or nobody told of the end of the earlier ones.',
    );
  }
  say(had.map(lines).join('\n\n'));
}

/** Who had an address, and on which machine. */
interface Tenant extends Tenancy {
  readonly machine?: Machine;
}

const lines = (tenancy: Tenant): string => {
  const { record, fromMs, untilMs, machine } = tenancy;
  const heard = `no end was heard of; last event ${when(record.occurredAtMs)}, ${printable(record.lastStatus)}`;
  const facts = [
    ['  from', when(fromMs)],
    ['  until', untilMs === undefined ? heard : when(untilMs)],
    ['  cluster', printable(clusterOf(record) ?? '-')],
    ['  task definition', printable(definitionOf(tenancy) ?? '-')],
    ['  host', printable(record.handling?.host ?? '-')],
    ...machineFacts(machine).map(([fact, value]) => [`  ${fact}`, printable(value)]),
    ...imagesOf(tenancy).map((image) => ['  image', printable(image)]),
  ];
  return `${printable(record.workload)}\n${columns(facts)}`;
};

const jsonOf = (tenancy: Tenant) => ({
  workload: tenancy.record.workload,
  from: new Date(tenancy.fromMs).toISOString(),
  until: tenancy.untilMs === undefined ? null : new Date(tenancy.untilMs).toISOString(),
  cluster: clusterOf(tenancy.record),
  taskDefinition: definitionOf(tenancy) ?? null,
  host: tenancy.record.handling?.host ?? null,
  machine: tenancy.machine ?? null,
  images: imagesOf(tenancy),
});

const definitionOf = ({ record: { identity } }: Tenancy): string | undefined =>
  identity.task_family && [identity.task_family, identity.task_revision].filter(Boolean).join(':');

const imagesOf = ({ record }: Tenancy): string[] => [
  ...new Set(
    record.containers.flatMap(({ image, imageDigest }) => [image, imageDigest].filter(Boolean).join(' ') || []),
  ),
];
