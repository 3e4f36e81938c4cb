import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { theAssembly } from './assembly.ts';

export interface Alteration {
  /** Code that replaces the tls-api function's bundle. */
  readonly code?: string;
  /** Timeout that replaces the function's 15 s, which is too long for a test. */
  readonly timeoutSeconds?: number;
}

interface FunctionResource {
  readonly Type: string;
  readonly Properties: {
    Timeout: number;
    readonly Code: { readonly S3Key: string };
    readonly Environment?: { readonly Variables?: Readonly<Record<string, unknown>> };
  };
}

export interface AlteredAssembly {
  readonly folder: string;
  /** The file of the function's code. Environments that start later have what is written there. */
  readonly codeFile: string;
  readonly remove: () => void;
}

/** Copies the synthesized app with a changed tls-api function, to test how the gateway handles it. */
export async function anAlteredAssembly({ code, timeoutSeconds }: Alteration): Promise<AlteredAssembly> {
  const folder = mkdtempSync(join(tmpdir(), 'mayfly-altered-'));
  cpSync(await theAssembly(), folder, { recursive: true });
  const file = join(folder, 'Mayfly.template.json');
  const template = JSON.parse(readFileSync(file, 'utf8')) as { Resources: Record<string, FunctionResource> };
  const fn = Object.values(template.Resources).find(
    ({ Type, Properties }) =>
      Type === 'AWS::Lambda::Function' && Properties.Environment?.Variables?.POWERTOOLS_SERVICE_NAME === 'tls-api',
  );
  if (!fn) throw new Error('the template has no tls-api function');
  if (timeoutSeconds !== undefined) fn.Properties.Timeout = timeoutSeconds;
  const codeFile = join(folder, `asset.${fn.Properties.Code.S3Key.replace(/\.zip$/, '')}`, 'index.js');
  if (code !== undefined) writeFileSync(codeFile, code);
  writeFileSync(file, JSON.stringify(template));
  return { folder, codeFile, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
