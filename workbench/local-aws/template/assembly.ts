import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Json, record } from '../machine/json.ts';
import { LocalError } from '../machine/local-error.ts';
import { readTemplate, type StackScope, type Template } from './template.ts';

/** One stack of a synthesized CDK app. */
export interface Assembly extends StackScope, Template {
  /** The folder of an asset, by the S3 key or the image tag that the template gives it. */
  assetFolder(name: string): string | undefined;
}

/** Account for an environment-agnostic assembly: the one that AWS's examples use, and the events made after them. */
const LOCAL_ACCOUNT = '111122223333';
const LOCAL_REGION = 'us-east-1';

/**
 * Reads a cloud assembly (`cdk.out`) and checks that the runner knows every resource type and property in it.
 *
 * @param folder the assembly; its assets are used in place
 * @param stackName required only if the assembly has several stacks
 * @throws {LocalError} naming the logical id, type and property that the runner does not know
 */
export function readAssembly(folder: string, stackName?: string): Assembly {
  const manifest = readJson(
    path.join(folder, 'manifest.json'),
    `${folder} is no CDK cloud assembly (run "npx cdk synth")`,
  );
  const artifacts = Object.entries(record(manifest.artifacts));
  const stacks = artifacts.filter(([, artifact]) => record(artifact).type === 'aws:cloudformation:stack');
  const names = stacks.map(([id]) => id).join(', ');
  const [chosen, ...others] = stacks.filter(([id]) => stackName === undefined || id === stackName);
  if (!chosen) throw new LocalError(`${folder} has no stack ${stackName ?? ''}, only: ${names || 'none'}`);
  if (others.length > 0) throw new LocalError(`${folder} has several stacks, name one of them: ${names}`);

  const [id, artifact] = chosen;
  const { templateFile, stackName: deployedName } = record(record(artifact).properties);
  const [account, region] = environmentOf(String(record(artifact).environment));
  const template = readJson(path.join(folder, String(templateFile)), 'the stack has no template');
  const assets = new Map(
    artifacts
      .filter(([, other]) => record(other).type === 'cdk:asset-manifest')
      .flatMap(([, other]) => readAssets(folder, String(record(record(other).properties).file))),
  );
  const stack = { stackName: typeof deployedName === 'string' ? deployedName : id, account, region };
  return { ...stack, ...readTemplate(template, stack), assetFolder: (name) => assets.get(name) };
}

/** Parses an environment such as "aws://unknown-account/unknown-region". */
function environmentOf(environment: string): [account: string, region: string] {
  const [, account, region] = /^aws:\/\/([^/]+)\/(.+)$/.exec(environment) ?? [];
  return [
    account && account !== 'unknown-account' ? account : LOCAL_ACCOUNT,
    region && region !== 'unknown-region' ? region : LOCAL_REGION,
  ];
}

function readAssets(folder: string, file: string): [name: string, folder: string][] {
  const { files, dockerImages } = readJson(path.join(folder, file), 'the assembly lacks its list of assets');
  const assets = [...Object.values(record(files ?? {})), ...Object.values(record(dockerImages ?? {}))];
  return assets.flatMap((asset) => {
    const { source, destinations } = record(asset);
    const { path: file, directory } = record(source);
    return Object.values(record(destinations)).map((destination): [string, string] => {
      const { objectKey, imageTag } = record(destination);
      return [String(objectKey ?? imageTag), path.resolve(folder, String(file ?? directory))];
    });
  });
}

function readJson(file: string, otherwise: string): Json {
  try {
    return record(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new LocalError(`${otherwise}: cannot read ${file}`, { cause });
  }
}
