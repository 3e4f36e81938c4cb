import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { aPolicyOf } from '../../support/a-rule.ts';
import { aboutTheProcess, aStart, containerStarted, forms, SCHEDULED } from '../../support/process-events.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, type WireAgent } from '../../support/wire-agent.ts';

let server: TlsHarness;
let agent: WireAgent;
beforeEach(async () => {
  const anyName = { log: { query: 'a*a*a*a*b', columns: { path: [{ exists: true }] } } } as const;
  server = await aTlsServer(
    aPolicyOf([
      containerStarted(aboutTheProcess),
      containerStarted({ name: 'globs', on: anyName }),
      containerStarted({ name: 'everything', on: { log: { query: 'long*' } } }),
    ]),
  );
  agent = await anEnrolled(server, 'h1');
});
afterEach(() => server.close());

const proto = JSON.parse(
  `{"__proto__":{"path":"/usr/bin/runc"},"constructor":{"prototype":{"path":"x"}},"toString":"no"}`,
) as Record<string, unknown>;

const failures = () => server.reports.filter(({ event }) => event === 'request_failed');
const refusals = () =>
  server.reports.filter(({ event }) => event === 'query_refused').map(({ fields }) => fields.problem);
const waiting = async () => (await server.queue.read('h1', true)).pending;

describe('a line that is not a row', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['text', 'pack/container-events/container_starts'],
    ['a number', 7],
    ['a list', [forms.event(1)]],
    ['an object', {}],
    ['without a name', { columns: aStart(1), action: 'added' }],
    ['whose name is an object', { ...forms.event(1), name: { toString: 'x' } }],
    ['whose columns are a list', { ...forms.event(1), columns: [aStart(1)] }],
    ['whose columns are null', { ...forms.event(1), columns: null }],
    ['whose snapshot is an object', { name: SCHEDULED, snapshot: aStart(1) }],
    ['whose snapshot holds values of any type', { name: SCHEDULED, snapshot: [null, 1, 'x', [aStart(1)], {}] }],
    ['whose difference is text', { name: SCHEDULED, diffResults: '' }],
    ['whose differences have any type', { name: SCHEDULED, diffResults: { added: { 0: aStart(1) }, removed: 7 } }],
    ['whose action is an object', { ...forms.event(1), action: { length: 1 } }],
    ['whose columns are named after members of the prototype', { ...forms.event(1), columns: proto }],
    ['named __proto__', { ...forms.event(1), name: undefined, ...proto }],
    ['whose path is not a text', forms.event(1, aStart(1, { path: { suffix: '/usr/bin/runc' } }))],
  ])('%s, is stored and queues nothing', async (_, line) => {
    expect((await agent.log('result', [line])).verdict).toBe('ok');
    expect(await server.lines('logs')).toHaveLength(1);
    expect([failures(), refusals(), await waiting()]).toEqual([[], [], []]);
    expect(({} as { path?: string }).path).toBeUndefined();
  });

  it('does not keep valid rows beside it from queueing', async () => {
    await agent.log('result', [null, { ...forms.event(1), columns: proto }, forms.event(2)]);
    expect(await waiting()).toHaveLength(1);
  });

  it('cannot keep the function busy with its name', async () => {
    const before = process.cpuUsage();
    await agent.log('result', [{ ...forms.event(1), name: 'a'.repeat(400) }]);
    await agent.log('result', [{ ...forms.event(1), name: `long${'a'.repeat(900_000)}` }]);
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000); // µs
    expect([failures(), await waiting()]).toEqual([[], []]);
  });
});

describe('a matching row with a value that cannot be bound', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'binding-empty'],
    ['null', null, 'binding-empty'],
    ['an object', { __proto__: null, a: 1 }, 'binding-not-scalar'],
    ['a list of objects', [{}], 'binding-not-scalar'],
    ['NUL', 'a\0b', 'unsafe-value'],
    ['a number that is too large', 1e300, 'unsafe-value'],
    ['a number that is too small', 5e-324, 'unsafe-value'],
    ['a text longer than a query may be', 'x'.repeat(500_000), 'too-large'],
  ])('%s, is rejected with the reason, and its line acknowledged', async (_, pid, problem) => {
    expect((await agent.log('result', [forms.event(1, aStart(1, { pid }))])).verdict).toBe('ok');
    expect([failures(), refusals(), await waiting()]).toEqual([[], [problem], []]);
  });

  it.each<[string, unknown, string]>([
    ['SQL', "1'; DROP TABLE processes; --", "'1''; DROP TABLE processes; --'"],
    ['a placeholder', ':pid', "':pid'"],
    ['a number', 4711, '4711'],
    ['a list', ['1', '2'], "'1', '2'"],
    ['half a surrogate pair', '\ud800', "'\uFFFD'"],
  ])('%s, is a literal', async (_, pid, literal) => {
    await agent.log('result', [forms.event(1, aStart(1, { pid }))]);
    expect(Object.values(await agent.poll())).toEqual([`SELECT path FROM processes WHERE pid = ${literal}`]);
  });

  it.each([1e300, -1, 5e-324, 'soon', {}, [1], null])(
    'queues its query despite a wrong clock: %p',
    async (unixTime) => {
      expect((await agent.log('result', [{ ...forms.event(1), unixTime }])).verdict).toBe('ok');
      const [query] = await waiting();
      expect(failures()).toEqual([]);
      expect(query?.triggeredAtMs).toBe(server.clock.nowMs);
    },
  );
});
