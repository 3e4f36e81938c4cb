import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DynamoPolicyStore } from '../../lib/aws/policy/policy-store.ts';
import { aVersion } from '../support/a-policy.ts';
import { theAssembly } from '../support/assembly.ts';
import { aTable } from '../support/dynamodb.ts';
import { scaled } from '../support/effort.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MODULES = join(ROOT, 'node_modules');
/** A bound against hanging: the package is built once, and each app type-checked and synthesized. */
const LONG_MS = 900_000;

// Without jest's own options, as in a user's shell, without a network, and without CDK's slow rules: `npm run synth` has them.
const { NODE_OPTIONS: _, ...rest } = process.env;
const ENV = {
  ...rest,
  ...{ npm_config_offline: 'true', CDK_DISABLE_CLI_TELEMETRY: 'true', CDK_VALIDATION: 'false', NODE_NO_WARNINGS: '1' },
  GOGC: 'off', // the compiler and esbuild collect no garbage, which takes a third of their CPU
};

const run = (cwd: string, program: string, ...args: string[]): string =>
  execFileSync(program, args, { cwd, env: ENV, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

let folder: string;
/** An app that has installed the package, and nothing else. */
let installed: string;
beforeAll(async () => {
  await theAssembly(); // whose bundles the package has too
  folder = mkdtempSync(join(tmpdir(), 'mayfly-package-'));
  expect(MANIFEST.scripts.prepack).toBe('npm run build');
  run(ROOT, 'sh', '-c', MANIFEST.scripts.build);
  installed = join(folder, 'installed');
  mkdirSync(installed);
  writeFileSync(join(installed, 'package.json'), '{"private":true}');
  // Packs the repository as `npm pack` does, and installs the tarball.
  run(installed, 'npm', 'install', '--install-links', '--legacy-peer-deps', '--no-audit', '--no-fund', ROOT);
}, LONG_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What `cdk init app --language typescript` makes, kept for later runs: it depends on the version of the CLI alone. */
function theTemplate(): string {
  const { version } = JSON.parse(readFileSync(join(MODULES, 'aws-cdk/package.json'), 'utf8'));
  const kept = join(MODULES, '.cache/mayfly-tests-cdk-init', version);
  if (!existsSync(kept)) {
    const made = join(folder, 'template', 'our-app'); // cdk init wants an empty folder, whose name is the app's
    mkdirSync(made, { recursive: true });
    run(made, join(MODULES, '.bin/cdk'), 'init', 'app', '--language', 'typescript', '--generate-only');
    cpSync(made, `${kept}.unfinished`, { recursive: true });
    renameSync(`${kept}.unfinished`, kept);
  }
  return kept;
}

/** Copies the app that has installed the package to a new folder, and links packages that an app gets from a registry. */
function anApp(name: string, links: Readonly<Record<string, string>>): string {
  const app = join(folder, name);
  cpSync(installed, app, { recursive: true, verbatimSymlinks: true });
  for (const [link, target] of Object.entries(links)) {
    mkdirSync(dirname(join(app, 'node_modules', link)), { recursive: true });
    symlinkSync(join(MODULES, target), join(app, 'node_modules', link));
  }
  return app;
}

/** Starts the installed console, opens its link as a browser does, and loads the page and what it names. */
async function servesConsole(app: string, table: string): Promise<void> {
  const args = [join(app, 'node_modules/.bin/mayfly'), 'console', '--table', table];
  const child = spawn(process.execPath, args, { cwd: app, env: ENV, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    let said = '';
    for await (const part of child.stdout) {
      said += part;
      if (said.includes('?token=')) break;
    }
    const [link = '', origin = ''] = /(http:\/\/127\.0\.0\.1:\d+)\/\?token=\S+/.exec(said) ?? [];
    const entered = await fetch(link);
    const cookie = (entered.headers.get('set-cookie') ?? '').replace(/;.*/, '');
    const get = (path: string) => fetch(origin + path, { headers: { cookie } });
    const page = await get('/');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    const html = await page.text();
    const named = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(named).toEqual(expect.arrayContaining(['/page.js', '/page.css', '/icon.svg']));
    for (const path of named) expect([path, (await get(path)).status]).toEqual([path, 200]);
    expect(await (await get('/api/about')).json()).toMatchObject({ name: `the table ${table}` });
    expect((await fetch(`${origin}/api/about`)).status).toBe(401);
  } finally {
    child.kill('SIGINT');
    await once(child, 'exit');
  }
}

describe('the npm package', () => {
  it('contains the compiled construct, the bundles, the command and the default policy, and nothing else', () => {
    const root = join(installed, 'node_modules/mayfly');
    const files = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)));
    const kinds = {
      papers: /^(LICENSE|README\.md|CHANGELOG\.md|package\.json)$/,
      construct: /^dist\/stack\/(([a-z]+\/)?[a-z-]+\.d\.ts|index\.js|package\.json)$/,
      functions: /^dist\/lambdas\/[a-z0-9-]+\/([a-z-]+\.js|package\.json)$/,
      service: /^dist\/service\/(Dockerfile|index\.js|package\.json)$/,
      command: /^(bin\/(mayfly|start)\.js|dist\/command\/([\w.-]+\.js|sqlite3\.wasm))$/,
      console: /^dist\/command\/console\/(index\.html|page\.(js|css)|icon\.svg)$/,
      policy: /^policy\/(policy\.yaml|(config|rules|packs|examples)\/[\w./-]+\.(yaml|conf|md))$/,
    };
    expect(files.filter((file) => !Object.values(kinds).some((kind) => kind.test(file)))).toEqual([]);
    const functions = readdirSync(join(ROOT, 'lambdas'));
    for (const name of functions)
      for (const file of ['index.js', 'package.json']) expect(files).toContain(`dist/lambdas/${name}/${file}`);
    for (const file of [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'dist/stack/index.d.ts',
      'policy/policy.yaml',
      'dist/command/sqlite3.wasm',
      'dist/command/console/index.html',
      'dist/command/console/page.js',
      'dist/command/console/page.css',
      'dist/service/Dockerfile',
    ])
      expect(files).toContain(file);
    const types = files.filter((file) => file.endsWith('.d.ts'));
    expect(types.filter((file) => readFileSync(join(root, file), 'utf8').includes(".ts'"))).toEqual([]); // not every compiler resolves it
  });

  it('needs no package but the two that every CDK app has', () => {
    expect([MANIFEST.dependencies, MANIFEST.optionalDependencies]).toEqual([undefined, undefined]);
    expect(Object.keys(MANIFEST.peerDependencies)).toEqual(['aws-cdk-lib', 'constructs']);
    const construct = readFileSync(join(ROOT, 'dist/stack/index.js'), 'utf8');
    const required = [...construct.matchAll(/require\("([^"]+)"\)/g)].map(([, name = '']) => name);
    expect(required.filter((name) => !/^(node:|aws-cdk-lib(\/|$)|constructs$)/.test(name))).toEqual([]);
    expect(required).toContain('aws-cdk-lib/core');
  });

  it('has types for which a compiler reads only some of the CDK', () => {
    const types = join(installed, 'node_modules/mayfly/dist/stack');
    const files = readdirSync(types, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.d.ts'));
    const imported = files.flatMap((file) =>
      [...readFileSync(join(types, file), 'utf8').matchAll(/['"](aws-cdk-lib[^'"]*)['"]/g)].map(([, name]) => name),
    );
    expect(imported).toContain('aws-cdk-lib/core');
    expect(imported).not.toContain('aws-cdk-lib');
  });

  it('is tested with the oldest aws-cdk-lib of its range', () => {
    const oldest = JSON.parse(readFileSync(join(MODULES, 'aws-cdk-lib-oldest/package.json'), 'utf8'));
    expect(MANIFEST.peerDependencies['aws-cdk-lib']).toBe(`^${oldest.version}`);
  });

  it(
    'has a command that works with nothing else installed, on the table of a Mayfly',
    async () => {
      const app = installed;
      const mayfly = (...args: string[]) => run(app, join(app, 'node_modules/.bin/mayfly'), ...args);
      expect(readdirSync(join(app, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['mayfly']);
      expect(mayfly('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
      expect(mayfly('--help')).not.toContain(' local ');
      expect(mayfly('policy', 'init', 'mine')).toContain('Edit the files');
      expect(mayfly('policy', 'check', 'mine')).toContain('no problems');
      const table = await aTable();
      await new DynamoPolicyStore(table).push(aVersion(1), 0);
      const aws = {
        AWS_ENDPOINT_URL_DYNAMODB: process.env.TEST_DYNAMODB_ENDPOINT,
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
      };
      Object.assign(ENV, aws);
      expect(JSON.parse(mayfly('policy', 'history', '--table', table.name, '--json'))).toMatchObject([{ version: 1 }]);
      await servesConsole(app, table.name);
      expect(() => mayfly('nodes')).toThrow(
        'no Mayfly has run in .mayfly: name one in AWS with --stack NAME or --table NAME',
      );
    },
    LONG_MS,
  );
});

describe('an app made by cdk init --language typescript, with the package and three lines', () => {
  /** Makes the app, and adds the three lines to its stack. */
  function theTemplateWith(name: string, library: string): string {
    const app = anApp(name, {
      'aws-cdk-lib': library,
      constructs: 'constructs',
      // What the template of cdk init lists for development; jest is not used here.
      typescript: 'typescript',
      tsx: 'tsx',
      '@types/node': '@types/node',
      'undici-types': 'undici-types',
      '.bin/tsc': '.bin/tsc',
      '.bin/tsx': '.bin/tsx',
    });
    const template = theTemplate();
    for (const part of ['bin', 'lib', 'cdk.json', 'tsconfig.json'])
      cpSync(join(template, part), join(app, part), { recursive: true });
    const tsconfig = readFileSync(join(app, 'tsconfig.json'), 'utf8');
    writeFileSync(join(app, 'tsconfig.json'), tsconfig.replace(/"jest",\s*/, '')); // its types are not installed here

    const [file = ''] = readdirSync(join(app, 'lib'));
    const stack = readFileSync(join(app, 'lib', file), 'utf8');
    const lines = stack.replace(/^/, "import { Mayfly } from 'mayfly';\n").replace(
      'super(scope, id, props);',
      `$&
    const mayfly = new Mayfly(this, 'Mayfly');
    new cdk.CfnOutput(this, 'Agents', { value: mayfly.hostname });`,
    );
    expect(lines.split('\n')).toHaveLength(stack.split('\n').length + 3);
    writeFileSync(join(app, 'lib', file), lines);
    return app;
  }

  /** Runs the app's command with what `cdk synth` passes to it, without `npx` and the CLI. @returns the cloud assembly */
  function synthesize(app: string): string {
    const settings = JSON.parse(readFileSync(join(app, 'cdk.json'), 'utf8'));
    expect(settings.app).toMatch(/^npx tsc && npx tsx bin\/[\w-]+\.ts$/);
    const out = join(app, 'cdk.out');
    const variables = {
      CDK_OUTDIR: out,
      CDK_CONTEXT_JSON: JSON.stringify(settings.context),
      PATH: `${join(app, 'node_modules/.bin')}:${process.env.PATH}`,
    };
    const script = settings.app.replaceAll('npx ', '');
    execFileSync('sh', ['-c', script], {
      cwd: app,
      env: { ...ENV, ...variables },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return out;
  }

  it(
    'type-checks with the oldest aws-cdk-lib of the range',
    () => {
      run(theTemplateWith('checked', 'aws-cdk-lib-oldest'), join(MODULES, '.bin/tsc'), '--noEmit');
    },
    LONG_MS,
  );

  // The long run does both with each. Synthesis with the oldest is below, in plain JavaScript.
  it.each([['the newest', 'aws-cdk-lib'], ...(scaled(1) > 1 ? [['the oldest', 'aws-cdk-lib-oldest'] as const] : [])])(
    'type-checks and synthesizes with %s aws-cdk-lib of the range',
    (name, library) => {
      const app = theTemplateWith(name.replace(' ', '-'), library);

      const out = synthesize(app);
      const [synthesized = ''] = readdirSync(out).filter((one) => one.endsWith('.template.json'));
      const { Resources, Outputs } = JSON.parse(readFileSync(join(out, synthesized), 'utf8'));
      expect(Object.keys(Outputs)).toEqual(
        expect.arrayContaining(['MayflyHostname', 'MayflyTableName', 'MayflyFlagfile', 'Agents']),
      );
      const functions = Object.values<{ Type: string; Properties: { Runtime?: string } }>(Resources).filter(
        ({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.Runtime === 'nodejs24.x',
      );
      expect(functions).toHaveLength(readdirSync(join(ROOT, 'lambdas')).length);
      const assets = readdirSync(out).filter((one) => one.startsWith('asset.'));
      const shipped = assets.flatMap((asset) => readdirSync(join(out, asset)));
      expect(shipped.filter((one) => !/^([a-z-]+\.js|package\.json)$/.test(one))).toEqual([]);
      expect(Resources).toHaveProperty(basename(Outputs.MayflyTableName.Value.Ref));
    },
    LONG_MS,
  );

  it(
    'synthesizes every part of the construct with the oldest aws-cdk-lib of the range',
    () => {
      const app = anApp('whole', { 'aws-cdk-lib': 'aws-cdk-lib-oldest', constructs: 'constructs' });
      writeFileSync(join(app, 'app.js'), WHOLE);
      run(app, process.execPath, 'app.js');
      const templateOf = (stack: string) => readFileSync(join(app, 'out', `${stack}.template.json`), 'utf8');
      expect(templateOf('Serverless')).toContain('SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09');
      expect(templateOf('Serverless')).toContain('"email"');
      expect(templateOf('Service')).toContain('AWS::ECS::Service');
    },
    LONG_MS,
  );
});

/** An app with both fronts and all that is off by default. */
const WHOLE = `
const { App, Stack } = require('aws-cdk-lib');
const { Certificate } = require('aws-cdk-lib/aws-certificatemanager');
const { Vpc } = require('aws-cdk-lib/aws-ec2');
const { Front, Mayfly } = require('mayfly');
const app = new App({ outdir: 'out', analyticsReporting: false });
const certificateIn = (stack) =>
  Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-west-1:111122223333:certificate/x');
const serverless = new Stack(app, 'Serverless');
new Mayfly(serverless, 'Mayfly', {
  alarmTopic: 'you@example.com',
  notifyMisses: true,
  attest: 'preferred',
  enrollSecrets: ['web'],
  domainName: { name: 'osquery.example.com', certificate: certificateIn(serverless) },
});
const service = new Stack(app, 'Service');
const front = { vpc: new Vpc(service, 'Vpc'), certificate: certificateIn(service), domainName: 'osquery.example.com' };
new Mayfly(service, 'Mayfly', { front: Front.service(front) });
app.synth();
`;
