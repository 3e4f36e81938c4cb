import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lintFlagfile } from '../../../lib/cli/host/lint-flagfile.ts';
import { type AgentEvent, Random, SimulatedAgent, SimulatedHost } from '../../../workbench/world/index.ts';
import { BriskClock } from '../../support/brisk-clock.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';

/** The flagfile on a page about moving hosts, with one line changed: the host name. */
function movedFlagfile(page: string): string {
  const text = readFileSync(join(process.cwd(), page), 'utf8');
  const [, flags = ''] = /```flags\n([\s\S]*?)```/.exec(text) ?? [];
  return flags.replace(/--tls_hostname=.*/, '--tls_hostname=osquery.example.com');
}

const older = (flags: string) =>
  flags
    .replaceAll('/api/osquery/', '/api/v1/osquery/')
    .replace(/(endpoint=)\/[0-9a-f-]{36}\/(enroll|config|log|read|write)/g, '$1/dev/osquery_$2');

const MOVED: Readonly<Record<string, string>> = {
  Fleet: movedFlagfile('docs/from-fleet.md'),
  'an older Fleet': older(movedFlagfile('docs/from-fleet.md')),
  osctrl: movedFlagfile('docs/from-osctrl.md'),
  'an older osctrl': older(movedFlagfile('docs/from-osctrl.md')),
};

describe.each(Object.entries(MOVED))('a host of %s whose flagfile has only another host name', (_, flags) => {
  let server: TlsHarness;
  beforeAll(async () => {
    server = await aTlsServer();
  });
  afterAll(() => server.close());

  const flag = (name: string) => new RegExp(`^--${name}=(.*)$`, 'm').exec(flags)?.[1] ?? '';
  const errorsOf = (text: string) => lintFlagfile(text).filter(({ level }) => level === 'error');

  it('has a flagfile without an error', () => {
    expect(errorsOf(flags)).toEqual([]);
  });

  it('needs the stage in every path behind the name that API Gateway gives', () => {
    const behind = flags.replace('osquery.example.com', 'abc123.execute-api.eu-west-1.amazonaws.com');
    expect(errorsOf(behind)).toHaveLength(5);
    expect(errorsOf(behind)[0]?.message).toMatch(/^must be \/prod\/.*API Gateway refuses paths without the stage/);
    expect(errorsOf(behind.replace(/(endpoint=)\//g, '$1/prod/'))).toEqual([]);
  });

  it('enrolls, fetches its configuration, sends logs and answers queries', async () => {
    const clock = new BriskClock(20);
    const random = new Random('moved');
    let agent: SimulatedAgent | undefined;
    const heard: AgentEvent['kind'][] = [];
    const wanted: AgentEvent['kind'][] = ['enrolled', 'config-applied', 'polled', 'results-written', 'log-sent'];
    const options = {
      host: new SimulatedHost({ clock, random }),
      url: server.url,
      ca: server.ca,
      enrollSecret: server.enrollSecret,
      endpoints: {
        enroll: flag('enroll_tls_endpoint'),
        config: flag('config_tls_endpoint'),
        log: flag('logger_tls_endpoint'),
        read: flag('distributed_tls_read_endpoint'),
        write: flag('distributed_tls_write_endpoint'),
      },
      clock,
      random,
    };
    await new Promise<void>((resolve) => {
      const on = ({ kind }: AgentEvent): void => {
        heard.push(kind);
        if (wanted.every((one) => heard.includes(one))) resolve();
      };
      agent = new SimulatedAgent({ ...options, on });
      agent.start();
    });
    await agent?.stop();
    expect(heard).not.toContain('config-failed');
    expect(heard).not.toContain('work-rejected');
    expect(server.thrown).toEqual([]);
  }, 60_000);
});
