import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { jest } from '@jest/globals';
import { DynamoPolicyStore } from '../../lib/aws/policy/policy-store.ts';
import { run } from '../../lib/cli/program.ts';
import { addWorkbench } from '../../workbench/demo/add-workbench.ts';
import { aTable } from './dynamodb.ts';
import { aFolder } from './folder.ts';
import { withShortClients } from './short-commands.ts';

/** Runs `mayfly <args>` in this process. */
export async function mayfly(...args: string[]) {
  const { codes, ...said } = await mayflyAtOnce(args);
  return { code: codes[0], ...said };
}

/** Runs several commands at the same time; their output is mixed. */
export async function mayflyAtOnce(...commands: string[][]) {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const out = jest.spyOn(process.stdout, 'write').mockImplementation((text) => stdout.push(String(text)) > 0);
  const err = jest.spyOn(process.stderr, 'write').mockImplementation((text) => stderr.push(String(text)) > 0);
  try {
    const codes = await withShortClients(() => Promise.all(commands.map((command) => run(command, addWorkbench))));
    return { codes, stdout: stdout.join(''), stderr: stderr.join('') };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

/** The JSON objects of an output, one a line. */
export const jsonLines = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

export { aFolder };

/** Writes files into a new folder. */
export async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = aFolder();
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
  return dir;
}

export const CONFIG = `profile: default
options: { distributed_interval: 10, logger_tls_max_lines: 256, logger_tls_max_linesize: 16384 }
schedule:
  health: { query: 'SELECT version, config_hash FROM osquery_info', interval: 3600 }
`;

/** A rule that queries these columns about an ECS task. */
export const ruleSelecting = (columns: string): string => `- rule: task
  answers: Which container is this?
  on: { event: { source: [aws.ecs], detail-type: [ECS Task State Change], detail: { lastStatus: [RUNNING] } } }
  target: ecs-task-host
  expires: 10m
  queries:
    container:
      sql: SELECT ${columns} FROM docker_containers WHERE id IN (:containers)
      bind: { containers: 'detail.containers[].runtimeId' }
      evidence: id
  post-mortem:
    container:
      sql: SELECT ${columns} FROM docker_containers WHERE id IN (:containers)
      bind: { containers: 'detail.containers[].runtimeId' }
      evidence: id
`;

export const policySelecting = (columns: string): Promise<string> =>
  folderOf({ 'rules/task.yaml': ruleSelecting(columns), 'config/default.yaml': CONFIG });

/** The data folder of a local Mayfly, whose table is on the embedded DynamoDB. */
export async function aMayfly() {
  const table = await aTable();
  const ready = { dynamodb: process.env.TEST_DYNAMODB_ENDPOINT, tableName: table.name };
  const data = await folderOf({ 'ready.json': JSON.stringify(ready) });
  return { data, table, store: new DynamoPolicyStore(table) };
}

export const FIXTURES = 'test/fixtures/events';
export const RUNNING = `${FIXTURES}/05-ecs-task-ec2-running.json`;
