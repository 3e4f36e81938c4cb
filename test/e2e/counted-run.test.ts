import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compared } from '../../lib/cost/counted-run.ts';
import { countedRun } from '../../workbench/demo/counted-run.ts';
import { LogTally } from '../../workbench/demo/log-tally.ts';
import { fixture } from '../support/fixtures.ts';
import { aLocalServer, type LocalServer } from '../support/local-server.ts';
import { WireAgent } from '../support/wire-agent.ts';

const LONG_MS = 120_000; // a bound, not a measurement
const HOST = 'i-0a1b2c3d4e5f60718';
const TASK = 'a70715f36657d2e5fcdd07f4d8a04d76';
const CONTAINERS = [
  '9fd313b782ded4c240eda6ac1cf1bd2563d044274c240c68fe6ac033001c0ba9',
  'c723a4ec70a07b3de6fee444c3e0111c074caf79931a2fc374ec6ab3b4c5376f',
];
/** Fixtures: the container instance, then a task on it from PROVISIONING to RUNNING, and its end. */
const [REGISTERED, STARTS, ENDS] = [15, [1, 2, 4, 5], [6, 7]] as const;
const LIVES = 5;

describe('a run of the local Mayfly', () => {
  let server: LocalServer;
  let agent: WireAgent;
  const tally = new LogTally();
  beforeAll(async () => {
    server = await aLocalServer({ onLine: (line) => tally.add(line) });
    agent = new WireAgent(server, HOST);
  }, LONG_MS);
  afterAll(() => server.close());

  /** The n-th task, whose ids end in `n`. */
  const nth = (id: string, n: number): string => `${id.slice(0, -1)}${n}`;
  const happen = async (number: number, n: number): Promise<void> => {
    const ids = [TASK, ...CONTAINERS];
    const text = ids.reduce((all, id) => all.replaceAll(id, nth(id, n)), JSON.stringify(fixture(number)));
    await server.local.putEvents([JSON.parse(text)]);
    await server.local.idle();
  };
  /** Polls, and answers until nothing is pending. */
  const answerAll = async (rows: readonly Readonly<Record<string, string>>[]): Promise<void> => {
    for (;;) {
      const { json } = await agent.read();
      const ids = Object.keys(Object(json.queries));
      if (ids.length === 0) return;
      await agent.write(Object.fromEntries(ids.map((id) => [id, rows])));
    }
  };

  it(
    'counts what AWS would meter, within a tenth of the estimate for the same operations',
    async () => {
      await happen(REGISTERED, 0);
      await agent.enroll();
      await answerAll([{ instance_id: HOST }]);
      for (let n = 0; n < LIVES; n++) {
        for (const number of STARTS) await happen(number, n);
        await happen(STARTS[0], n); // late
        await answerAll(CONTAINERS.map((id) => ({ id: nth(id, n), state: 'running' })));
        for (const number of ENDS) await happen(number, n);
        await happen(REGISTERED, n); // as whenever the resources of a container instance change
      }
      const run = countedRun(server.local.usage?.() ?? fail(), tally.counted());
      const { operations, units, functions, firehose } = run;
      expect(operations).toMatchObject({
        ...{ enrollment: 1, taskEvent: LIVES * (STARTS.length + ENDS.length), staleEvent: LIVES, ask: LIVES },
        ...{ sighting: LIVES, policyWrite: 1, message: LIVES * 8 + 1 },
      });
      for (const { what, measured, estimated } of compared(run))
        expect([what, Math.abs(measured / estimated - 1) < 0.1]).toEqual([what, true]);
      const tlsApi = Object.entries(functions).find(([name]) => name.includes('TlsApi'))?.[1];
      expect(tlsApi?.invocations).toBe(units.gatewayRequests);
      expect(tlsApi?.gbSeconds).toBeGreaterThan(0);
      expect(firehose.requests).toBe(operations.delivery);
    },
    LONG_MS,
  );
});

function fail(): never {
  throw new Error('this run is not counted');
}
