import { CommandError } from '../errors/command-error.ts';

/** The names of one Mayfly that commands use. */
export interface MayflyNames {
  /** Which Mayfly of the stack this is, for `--id`. */
  readonly id: string;
  readonly table: string;
  /** Undefined in a stack of an early version. */
  readonly bus: string | undefined;
  /** What hosts need; undefined in a stack of an early version. */
  readonly flagfile: string | undefined;
  readonly enrollSecretArn: string | undefined;
  /** The Glue database and the Athena workgroup of stored rows; undefined in a stack of an early version. */
  readonly database: string | undefined;
  readonly workgroup: string | undefined;
  /** Further enroll secrets. */
  readonly namedSecrets: readonly NamedSecret[];
  readonly nodeKeySecretArn: string | undefined;
  readonly hostname: string | undefined;
  readonly pathPrefix: string | undefined;
}

interface NamedSecret {
  readonly name: string;
  readonly arn: string;
}

/** An output of a stack, as CloudFormation describes it. */
export interface StackOutput {
  readonly OutputKey?: string | undefined;
  readonly OutputValue?: string | undefined;
  readonly Description?: string | undefined;
}

/** Suffixes of the output keys that every Mayfly has (lib/stack/outputs.ts). An app's own outputs do not have all of them. */
const ENDS = ['TableName', 'BusName', 'ResultsBucket', 'Hostname'] as const;

/** The keys of version 0.1.0 had no prefix: its stack contained one Mayfly and nothing else. */
const UNNAMED = 'Mayfly';

/** Whether a stack has outputs of a Mayfly. */
export const hasMayfly = (outputs: readonly StackOutput[]): boolean => mayfliesOf(outputs).length > 0;

/**
 * The Mayfly with this id in a stack, or its only one. The output keys of one Mayfly share a prefix, its id.
 *
 * @param id the construct's path in its stack, such as `Platform/Mayfly`; needed if there are several
 * @throws naming those that the stack has
 */
export function theMayfly(stack: string, outputs: readonly StackOutput[], id?: string): MayflyNames {
  const all = mayfliesOf(outputs);
  const meant = id === undefined ? all : all.filter((one) => one.id === id.replace(/[^A-Za-z0-9]/g, ''));
  const [first, ...others] = meant;
  if (first && others.length === 0) return first;
  const ids = all.map((one) => one.id).join(', ');
  if (first)
    throw new CommandError('AMBIGUOUS', `the stack ${stack} has several Mayflies`, {
      next: `choose one with --id, of ${ids}`,
    });
  if (ids) throw new CommandError('NOT_FOUND', `the stack ${stack} has no Mayfly ${id}`, { next: `it has ${ids}` });
  throw new CommandError('NOT_FOUND', `neither the stack ${stack} nor a stack nested in it has an output TableName`, {
    next: 'is it a Mayfly stack? Deploy it again, or use --table NAME',
  });
}

/** The Mayfly of a stack that has this table. @throws if the stack is none of Mayfly's */
export function withTable(stack: string, outputs: readonly StackOutput[], table: string): MayflyNames {
  const found = mayfliesOf(outputs).find((one) => one.table === table);
  if (found) return found;
  throw new CommandError('NOT_FOUND', `the table ${table} is of the stack ${stack}, which has no Mayfly with it`, {
    next: 'name the table of a Mayfly, or use --stack NAME',
  });
}

function mayfliesOf(outputs: readonly StackOutput[]): MayflyNames[] {
  const values = new Map(outputs.map(({ OutputKey = '', OutputValue }) => [OutputKey, OutputValue]));
  const starts = [...values.keys()].flatMap((key) => (key.endsWith(ENDS[0]) ? [key.slice(0, -ENDS[0].length)] : []));
  return starts
    .filter((start) => start === '' || ENDS.every((end) => values.has(`${start}${end}`)))
    .flatMap((start) => {
      const table = values.get(`${start}TableName`);
      if (!table) return [];
      const of = (end: string) => values.get(`${start}${end}`);
      return [
        {
          id: start || UNNAMED,
          table,
          bus: of('BusName'),
          flagfile: of('Flagfile'),
          enrollSecretArn: of('EnrollSecretArn'),
          namedSecrets: namedSecretsOf(start, outputs),
          nodeKeySecretArn: of('NodeKeySecretArn'),
          hostname: of('Hostname'),
          pathPrefix: of('PathPrefix'),
          database: of('ResultsDatabase'),
          workgroup: of('ResultsWorkgroup'),
        },
      ];
    });
}

/** The key of an output has no hyphens, so the name of a secret is read from the description. */
const namedSecretsOf = (start: string, outputs: readonly StackOutput[]): NamedSecret[] =>
  outputs.flatMap(({ OutputKey = '', OutputValue: arn, Description = '' }) => {
    const [, name] = /'([a-z0-9-]+)'$/.exec(Description) ?? [];
    return arn && name && OutputKey.startsWith(`${start}NamedSecretArn`) ? [{ name, arn }] : [];
  });

/**
 * The resources of one Mayfly: CDK begins the logical id of each with the construct's path, which is the Mayfly's id. A stack
 * of version 0.1.0 contains one Mayfly and nothing else.
 */
export const resourcesOf = <R extends { readonly logicalId: string }>(id: string, resources: readonly R[]): R[] => {
  const own = resources.filter(({ logicalId }) => logicalId.startsWith(id));
  return own.length > 0 ? own : [...resources];
};
