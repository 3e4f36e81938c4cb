import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '@sqlite.org/sqlite-wasm';
import fc from 'fast-check';
import { renderSql } from '../../../lib/core/sql/render.ts';
import { scaled } from '../../support/effort.ts';
import { type AnyEvent, fixture } from '../../support/fixtures.ts';
import { pathsOf, replaced, valueAt } from '../../support/json-path.ts';
import { everyQuery } from '../../support/scan.ts';
import { aDatabase, rowOf } from '../../support/sqlite.ts';
import { TableWorld } from '../../support/table-world.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const ON_INSTANCE = String(fixture(5).detail.containerInstanceArn);
const MIGRATE_TASK = String(fixture(9).detail.taskArn);

let db: Database;
beforeAll(async () => {
  db = await aDatabase();
  db.exec(`CREATE TABLE docker_containers (id, name, image, image_id, command, created, state, status, pid, path, started_at,
    finished_at, privileged, security_options, readonly_rootfs, net_namespace, pid_namespace)`);
  db.exec(
    `CREATE TABLE docker_container_processes (id, pid, name, cmdline, state, uid, gid, start_time, parent, threads, user)`,
  );
});

let world: TableWorld;
beforeEach(async () => {
  world = await TableWorld.begin();
  world.ecs.known.set(ON_INSTANCE, INSTANCE);
});

/** Every pending query in the table, as SQL. */
async function everySql(): Promise<string[]> {
  return (await everyQuery(world.table)).map(({ sql, bindings }) => renderSql(sql, bindings));
}

/** Checks that the SQL is the policy's except for its literals, and that SQLite accepts it. */
function expectOnlyLiterals(sql: string): void {
  const around = sql.replace(/'(?:[^']|'')*'|(?<=[(,] ?)-?\d[\d.e+-]*(?=[,)])/g, '?'); // texts and numbers
  expect(around).toMatch(/^SELECT [a-z_, ]+ FROM docker_container(s|_processes) WHERE id IN \((\?, )*\?\)$/);
  expect(rowOf(db, `SELECT count(*) FROM (${sql})`)).toEqual([0]);
}

describe('a message that is not an event', () => {
  const body = JSON.stringify(fixture(5));
  it.each([
    ['not a text', ''],
    ['not JSON', 'not json'],
    ['JSON that ends too early', body.slice(0, -2)],
    ['null', 'null'],
    ['a number', '7'],
    ['a list', `[${body}]`],
    ['an event within text', JSON.stringify(body)],
    ['a hundred thousand brackets', '['.repeat(100_000)],
    ['an empty object', '{}'],
    ['an object that inherits the event', `{"__proto__": ${body}}`],
    ['an event without detail and resources', JSON.stringify({ ...fixture(5), detail: undefined, resources: [] })],
    ['a task without an ARN', JSON.stringify({ ...fixture(5, { taskArn: undefined }), resources: [] })],
    ['a task without a version', JSON.stringify(fixture(5, { version: undefined }))],
    ['a task with a fractional version', JSON.stringify(fixture(5, { version: 5.5 }))],
    ['a task with a negative version', JSON.stringify(fixture(5, { version: -1 }))],
    ['a task without a state', JSON.stringify(fixture(5, { lastStatus: null }))],
  ])('is not retried, with the reason in the log: %s', async (_, message) => {
    expect(await world.send(message, fixture(9))).toEqual([]);
    expect(world.reports.filter(({ event }) => event === 'event_malformed')).toHaveLength(1);
    expect(world.outcomes()).toEqual(['ignored', 'queued']);
    expect(await world.record(MIGRATE_TASK)).toMatchObject({ handledVersion: 6 });
    expect(await everySql()).toHaveLength(1);
  });

  it('is reported with the wrong field and the task', async () => {
    await world.send(fixture(5, { version: 'five' }));
    const why = `detail.version: no whole number from 0 to 1e9 (of ${fixture(5).detail.taskArn})`;
    expect(world.reports).toContainEqual({ event: 'event_malformed', fields: { why } });
  });
});

describe('a task event without optional fields', () => {
  const [envoy, api] = fixture(5).detail.containers as Record<string, unknown>[];
  const TASK = String(fixture(5).detail.taskArn);
  it.each<[string, Record<string, unknown>]>([
    ['a version in text', { version: '5' }],
    ['no cluster, which its container instance names', { clusterArn: null }],
    ['no task definition', { taskDefinitionArn: '' }],
    ['no desired status', { desiredStatus: null }],
    ['times that are numbers', { createdAt: 1_763_633_700, startedAt: 1_763_633_701_123 }],
    ['a container without a state', { containers: [envoy, { ...api, lastStatus: undefined }] }],
    ['a container without a name', { containers: [envoy, { ...api, name: null, containerArn: null }] }],
    ['containers that are not objects', { containers: [null, 7, envoy, api, {}, []] }],
    ['one unusable tag', { tags: [null, { key: 7 }, { key: 'team', value: 'db' }] }],
  ])('is queried: %s', async (_, detail) => {
    // A task that was requested to stop also has a last gasp; without the status the policy's pattern does not match.
    expect(await world.send(fixture(5, detail))).toEqual([]);
    const record = await world.record(TASK);
    expect(record.subjects.toSorted()).toEqual([envoy?.runtimeId, api?.runtimeId].map(String).sort());
    expect(record.identity.cluster).toBe('ephemeral-prod');
    expect(record.desiredStatus).toBe('RUNNING');
    expect(world.reports.filter(({ event }) => event === 'event_malformed')).toEqual([]);
  });

  it.each([
    ['no list', { length: 1 }],
    ['null', null],
    ['text', 'x'],
  ])('is recorded with its known containers: containers are %s', async (_, containers) => {
    await world.send(fixture(4));
    await world.send(fixture(5, { containers }));
    expect(world.outcomes()).toHaveLength(2);
    expect((await world.record(TASK)).subjects).toHaveLength(2);
  });

  it.each(['STOPPED', 'DEPROVISIONING'])(
    'has desired status STOPPED in status %s if it has none',
    async (lastStatus) => {
      await world.send(fixture(7, { lastStatus, desiredStatus: undefined }));
      expect((await world.record(TASK)).desiredStatus).toBe('STOPPED');
    },
  );
});

describe('an event with unknown content', () => {
  it.each([
    ['a status', fixture(5, { lastStatus: 'HIBERNATING' }), 'noted'],
    ['a desired status', fixture(5, { desiredStatus: 'PAUSED' }), 'queued'],
    ['a launch type', fixture(5, { launchType: 'ORBITAL' }), 'queued'],
    ['fields', fixture(5, { quantum: { entangled: true } }), 'queued'],
    ['a detail type', { ...fixture(5), 'detail-type': 'ECS Task Mood Change' }, 'noted'],
    ['a source', { ...fixture(5), source: 'aws.ecs2' }, 'noted'],
  ])('does not fail: %s', async (_, event, outcome) => {
    expect(await world.send(event)).toEqual([]);
    expect(world.outcomes()).toEqual([outcome]);
  });

  it('is handled even if it is a megabyte long', async () => {
    const environment = Array.from({ length: 9000 }, (_, n) => ({
      name: `VARIABLE_${n}`,
      value: '\u{1F41D}'.repeat(20),
    }));
    const event = fixture(5, {
      overrides: { containerOverrides: [{ name: 'api', environment }] },
      stoppedReason: '\u{1F41D}'.repeat(200),
    });
    expect(Buffer.byteLength(JSON.stringify(event))).toBeGreaterThan(1_000_000);
    expect(await world.send(event)).toEqual([]);
    expect(world.outcomes()).toEqual(['queued']);
  });
});

describe('runtime ids', () => {
  const withIds = (...ids: unknown[]): AnyEvent =>
    fixture(5, {
      containers: ids.map((runtimeId, index) => ({ name: `c${index}`, lastStatus: 'RUNNING', runtimeId })),
    });

  it.each(["' OR 1=1 --", 'a b', 'ü', 'a\0', '', 'a'.repeat(256), "x');DROP TABLE y;--", '*'])(
    'outside their alphabet are never queried, but others are: %j',
    async (id) => {
      expect(await world.send(withIds(id, 'good-1'))).toEqual([]);
      expect((await everySql()).map((sql) => sql.slice(sql.indexOf('IN')))).toEqual(["IN ('good-1')", "IN ('good-1')"]);
      expect((await world.record(String(fixture(5).detail.taskArn))).containers).toHaveLength(2);
    },
  );

  it('on some containers only are enough to query those', async () => {
    expect(await world.send(withIds(undefined, 'good-1', undefined))).toEqual([]);
    expect((await everySql())[0]).toContain("IN ('good-1')");
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    'named like members of Object.prototype do not affect others: %s',
    async (id) => {
      expect(await world.send(withIds(id, 'good-1'), fixture(9))).toEqual([]);
      expect(await world.record(String(fixture(5).detail.taskArn))).toMatchObject({ handledVersion: 5 });
      expect(await world.record(MIGRATE_TASK)).toMatchObject({ handledVersion: 6 });
    },
  );
});

describe('hostile values', () => {
  const HOSTILE: readonly unknown[] = [
    null,
    0,
    -1,
    1.5,
    1e308,
    true,
    [],
    {},
    [null],
    [[]],
    '',
    ' ',
    "'",
    "''",
    '"',
    "' OR '1'='1",
    "'); DROP TABLE docker_containers; --",
    ':containers',
    '\0',
    'a\0b',
    '\ud800',
    '\u202e',
    '__proto__',
    'constructor',
    '$&',
    '%s',
    '../../etc/passwd',
    'STOPPED',
    'RUNNING',
    'x'.repeat(5000),
    9_007_199_254_740_992,
  ];
  const paths = pathsOf(fixture(5));

  it('in any fields of an event are handled or malformed, and reach SQL as literals only', async () => {
    const hits = fc.array(fc.tuple(fc.constantFrom(...paths), fc.constantFrom(...HOSTILE)), {
      minLength: 1,
      maxLength: 3,
    });
    const met = { handled: 0, malformed: 0, queries: 0 };
    await fc.assert(
      fc.asyncProperty(hits, async (list) => {
        world = await TableWorld.begin();
        world.ecs.known.set(ON_INSTANCE, INSTANCE);
        const event = list.reduce<unknown>((bent, [path, value]) => replaced(bent, path, value), fixture(5));
        const failed = await world.send(JSON.stringify(event), fixture(9));
        expect(failed).toEqual([]);
        expect(await world.record(MIGRATE_TASK)).toMatchObject({ handledVersion: 6 }); // its neighbour is unharmed
        const queries = await everySql();
        queries.forEach(expectOnlyLiterals);
        const isMalformed = world.reports.some(({ event: reported }) => reported === 'event_malformed');
        met[isMalformed ? 'malformed' : 'handled'] += 1;
        met.queries += queries.length - 1;
      }),
      // The examples make sure that each kind is met, however few runs there are.
      { numRuns: scaled(12), examples: [[[[['detail', 'lastStatus'], null]]], [[[['detail', 'group'], 'x']]]] },
    );
    for (const [kind, count] of Object.entries(met)) expect([kind, count > 0]).toEqual([kind, true]);
  });

  it('in each text field, one at a time, are handled', async () => {
    const texts = paths.filter((path) => typeof valueAt(fixture(5), path) === 'string');
    for (const path of texts) {
      const event = replaced(fixture(5), path, 'it\'s "hostile"; -- \u{1F41D}');
      const outcome = await world.send(JSON.stringify(event));
      expect([path, outcome]).toEqual([path, []]);
    }
    (await everySql()).forEach(expectOnlyLiterals);
  });
});
