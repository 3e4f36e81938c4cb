import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../errors/command-error.ts';
import { pasted } from './deployment-flags.ts';
import type { StackOutput } from './stack-outputs.ts';

/** The AWS credentials that the local endpoints require. */
interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The addresses of a running Mayfly; the first line of `--json`. */
export interface Ready {
  readonly url: string;
  readonly certificate: string;
  readonly enrollSecret: string;
  /** Files of further enroll secrets. */
  readonly namedSecrets: readonly string[];
  readonly events: string;
  readonly results: string;
  readonly flagfile: string;
  readonly dynamodb: string;
  /** The table is a file in the data folder, and can be opened when no Mayfly runs there. */
  readonly embedded: boolean;
  readonly tableName: string;
  /** The name of Mayfly's own bus, for requests. */
  readonly bus: string;
}

/** What CloudFormation would describe of the stack that runs here, with local values. */
interface LocalStack {
  readonly outputs: readonly StackOutput[];
  readonly resources: readonly StackResource[];
}

/** A resource of a stack. */
export interface StackResource {
  readonly logicalId: string;
  readonly type: string;
  /** What AWS calls it: the URL of a queue, the name of a log group. Here a log group is a file. */
  readonly physicalId: string;
}

/** What agents connect to. */
export interface LocalFront {
  /** `distributed_interval` of all agents behind the long-poll front, seconds. @default - agents connect to the other front */
  readonly heldEverySeconds?: number;
}

/** What the data folder holds for commands: the addresses of the Mayfly and the credentials that its endpoints require. */
export interface ReadyFile extends Ready {
  readonly credentials: Credentials;
  /** Undefined in the file of an earlier version. */
  readonly stack?: LocalStack;
  /** The front that it was last started with; undefined in the file of an earlier version. */
  readonly front?: LocalFront;
}

/** The file of the data folder that holds a `ReadyFile`. */
export const READY_FILE = 'ready.json';

/** For the ready file of an earlier version, whose endpoints accepted any credentials. */
const NONE_DEMANDED: Credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** The addresses of the Mayfly that runs, or ran last, in a data folder. @throws when none has run there */
export async function readyIn(data: string): Promise<ReadyFile> {
  try {
    return { credentials: NONE_DEMANDED, ...JSON.parse(await readFile(join(data, READY_FILE), 'utf8')) };
  } catch (cause) {
    throw new CommandError('NOT_RUNNING', `no Mayfly has run in ${data}`, {
      next: `start one with "npx mayfly local${pasted({ data })}"`,
      cause,
    });
  }
}

/** Reads the ready file again only when a start has replaced it: a question about many workloads asks before each request. */
export function readyReader(data: string): () => Promise<ReadyFile> {
  let known: { readonly version: string; readonly ready: Promise<ReadyFile> } | undefined;
  return () => {
    const { ino, mtimeMs } = statSync(join(data, READY_FILE), { throwIfNoEntry: false }) ?? {};
    const version = `${ino} ${mtimeMs}`;
    if (known?.version === version) return known.ready;
    const ready = readyIn(data);
    known = { version, ready };
    ready.catch(() => {
      known = undefined; // the next request reads it again
    });
    return ready;
  };
}

/** The table of a stopped local Mayfly. */
export interface StoppedTable {
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly close: () => Promise<void>;
}

/**
 * Ways to open the table of a stopped local Mayfly; undefined while one runs there. `open` locks its data folder until it is
 * closed. `copy` opens a copy for reading, so that a Mayfly can start meanwhile.
 */
export interface StoppedTables {
  readonly open: (data: string) => Promise<StoppedTable | undefined>;
  readonly copy: (data: string) => Promise<StoppedTable | undefined>;
}

let opener: StoppedTables | undefined;

/** Registers the workbench's functions for the table of a stopped Mayfly. `lib` must not import the workbench. */
export function registerOpener(tables: StoppedTables): void {
  opener = tables;
}

export const openStopped = async (data: string, how: keyof StoppedTables): Promise<StoppedTable | undefined> =>
  opener?.[how](data);

/** Whether this command can start a local Mayfly. The one in the npm package cannot. */
export const startsLocally = (): boolean => opener !== undefined;
