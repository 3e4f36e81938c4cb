import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalMayfly, type LocalNotice, type LocalOptions, startLocal } from '../../workbench/local-aws/index.ts';
import { type AnyLine, asAnyLine } from './any-line.ts';
import { theAssembly } from './assembly.ts';
import { theCertificate } from './certificate.ts';
import { send } from './https.ts';
import { bytesOf, type Kind, type TlsServer } from './tls-server.ts';

/** The synthesized template on the local runner: real bundles, real gateway responses, its own clock. */
export interface LocalServer extends TlsServer {
  readonly local: LocalMayfly;
  readonly notices: LocalNotice[];
  readonly data: string; // data folder
}

/** The path prefix of the deployed stage. */
const STAGE = '/prod';

/** Starts the template on a fresh data folder. The caller must close it. */
export async function aLocalServer(options: Partial<LocalOptions> = {}): Promise<LocalServer> {
  const data = await mkdtemp(join(tmpdir(), 'mayfly-local-'));
  const { cert, key } = await theCertificate();
  await writeFile(join(data, 'certificate.pem'), cert); // as if left by an earlier start
  await writeFile(join(data, 'certificate.key'), key);
  const notices: LocalNotice[] = [];
  const assembly = options.assembly ?? (await theAssembly());
  const local = await startLocal({ data, port: 0, onEvent: (notice) => notices.push(notice), ...options, assembly });
  const ca = await readFile(local.certificate, 'utf8');
  const url = `${local.url}${STAGE}`;
  return {
    url,
    ca,
    enrollSecret: (await readFile(local.enrollSecret, 'utf8')).trim(),
    post: (path, body, request) => send(`${url}${path}`, ca, bytesOf(body), request),
    lines: async (kind) => linesIn(local.results, kind),
    local,
    notices,
    data,
    close: async () => {
      await local.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}

function linesIn(results: string, kind: Kind): AnyLine[] {
  if (!existsSync(results)) return []; // created with the first line
  const files = readdirSync(results, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.startsWith(kind) && file.endsWith('.ndjson'),
  );
  return files.sort().flatMap((file) =>
    readFileSync(join(results, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => asAnyLine(JSON.parse(line))),
  );
}
