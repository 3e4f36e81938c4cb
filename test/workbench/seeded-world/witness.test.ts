import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryLedger } from '../../../lib/memory/ledger.ts';
import { WorldSink } from '../../../workbench/seeded-world/sink.ts';
import { Witness } from '../../../workbench/seeded-world/witness.ts';
import { Random, SimulatedHost, VirtualClock } from '../../../workbench/world/index.ts';
import { aSighting, aSnapshot, recordSighting } from '../../support/a-record.ts';
import { T0 } from '../../support/times.ts';

let clock: VirtualClock;
let host: SimulatedHost;
let ledger: MemoryLedger;
let witness: Witness;
let violations: string[];
let container: string;
let sql: string;

beforeEach(async () => {
  clock = new VirtualClock(T0);
  host = new SimulatedHost({ clock, random: new Random('witness') });
  ledger = new MemoryLedger();
  violations = [];
  witness = new Witness({ ledger, sink: new WorldSink(), violate: (what) => violations.push(what) });
  container = host.startContainer({ name: 'web', image: 'web:1', command: ['web'] }).id;
  sql = `SELECT id, name, image, state FROM docker_containers WHERE id IN ('${container}')`;
  await ledger.advance(aSnapshot(1, { subjects: [container] }));
});

const about = { host: 'i-1', atMs: T0 } as const;
const ran = (id: string) =>
  witness.saw('a', host, { kind: 'query-executed', id, sql, rows: 1, message: '', durationMs: 1, ...about }, true);
const wrote = (id: string) => witness.saw('a', host, { kind: 'results-written', ids: [id], ...about }, true);
const request = (path: string, body: object) => ({
  url: `https://world.invalid${path}`,
  headers: {},
  body: Buffer.from(JSON.stringify(body)),
});
const reply = (body: string) => ({ status: 200, headers: {}, body: Buffer.from(body) });

describe('the witness of a world', () => {
  it('reports nothing if the ledger has every proof', async () => {
    ran('q1');
    wrote('q1');
    await recordSighting(ledger, aSnapshot(1).workload, aSighting([container], [], T0));
    witness.check();
    expect(violations).toEqual([]);
  });

  it('reports a proof that was acknowledged and never counted', () => {
    ran('q1');
    wrote('q1');
    witness.check();
    expect(violations).toEqual([expect.stringContaining('q1 was acknowledged')]);
  });

  it('reports a proof that a second run under the same id replaced', () => {
    ran('q1');
    host.stopContainer(container, 0);
    ran('q1');
    wrote('q1');
    witness.check();
    expect(violations).toEqual([expect.stringContaining('an offer of q1 again destroyed it')]);
  });

  it('ignores proofs that an agent lost by crashing, or to a front that drops large bodies', () => {
    ran('q1');
    witness.saw('a', host, { kind: 'crashed', reason: 'killed', ...about }, true);
    ran('q2');
    witness.droppedAtFront('a', request('/v1/distributed/write', { queries: { q2: [] } }));
    wrote('q2');
    witness.check();
    expect(violations).toEqual([]);
  });

  it('reports a forged proof', async () => {
    await recordSighting(ledger, aSnapshot(1).workload, aSighting([container], [], T0));
    witness.check();
    expect(violations).toEqual([expect.stringContaining('which no agent saw')]);
  });

  it.each([
    ['/v1/log', { data: [{ line: 1 }] }, 'a log line was acknowledged and not stored'],
    ['/v1/distributed/write', { queries: { q1: [{ a: '1' }] } }, 'a row of q1 was acknowledged and not stored'],
  ])('reports that %s was acknowledged before it was stored', (path, body, text) => {
    witness.answered(request(path, body), reply('{"error":"later"}'));
    witness.answered(request(path, body), reply('no JSON'));
    expect(violations).toEqual([]);
    witness.answered(request(path, body), reply('{}'));
    expect(violations).toEqual([expect.stringContaining(text)]);
  });
});
