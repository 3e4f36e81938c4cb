import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the loopback endpoints of a run demand, as AWS credentials. */
interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Where a running Mayfly can be found; the first line of `--json`. */
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
  /** The table is a file of the data folder, and can be opened when nothing runs there. */
  readonly embedded: boolean;
  readonly tableName: string;
  /** The name of Mayfly's own bus, for requests. */
  readonly bus: string;
}

/** What the data folder keeps for commands: where the Mayfly is, and the credentials that its endpoints demand. */
export interface ReadyFile extends Ready {
  readonly credentials: Credentials;
}

/** The file of the data folder that holds a `ReadyFile`. */
export const READY_FILE = 'ready.json';
/** The data folder that commands mean when none is named. */
export const DATA = process.env.MAYFLY_DATA ?? '.mayfly';

/** For a ready file of an earlier version, whose endpoints took any credentials. */
const NONE_DEMANDED: Credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** Where the Mayfly of a data folder runs, or ran last. */
export async function readyIn(data: string): Promise<ReadyFile> {
  try {
    return { credentials: NONE_DEMANDED, ...JSON.parse(await readFile(join(data, READY_FILE), 'utf8')) };
  } catch (cause) {
    throw new Error(`no Mayfly has run in ${data}: start one with "npx mayfly local"`, {
      cause,
    });
  }
}

/** The table of a local Mayfly that does not run, opened for reading. */
interface StoppedTable {
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly close: () => Promise<void>;
}

/** Opens the table that a local Mayfly left in its data folder; undefined while one runs there. */
export type OpenStopped = (data: string) => Promise<StoppedTable | undefined>;

let opener: OpenStopped = async () => undefined;

/** Registers how the table of a stopped local Mayfly is opened: the workbench does it, and no command imports that. */
export function registerOpener(open: OpenStopped): void {
  opener = open;
}

export const openStopped: OpenStopped = (data) => opener(data);
