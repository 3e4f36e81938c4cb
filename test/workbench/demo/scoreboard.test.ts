import { describe, expect, it } from '@jest/globals';
import pc from 'picocolors';
import { frame, seconds } from '../../../workbench/demo/frame.ts';
import { groups, score, type TaskCard } from '../../../workbench/demo/scoreboard.ts';
import { frontNote, nextSteps, stillPending, summary, summaryTable } from '../../../workbench/demo/summary.ts';

const T0 = Date.parse('2026-11-20T12:00:00Z');
const plain = pc.createColors(false);

const aCard = (card: Partial<TaskCard> = {}): TaskCard => ({
  arn: 'arn:aws:ecs:us-east-1:111122223333:task/demo/1',
  family: 'api',
  host: 'i-0a1b2c3d4e5f60718',
  startedAtMs: T0,
  endedAtMs: T0 + 8_000,
  verdict: 'seen',
  answeredAtMs: T0 + 2_000,
  fetchedAfterMs: 70,
  bySchedule: false,
  ...card,
});

const aScene = {
  title: 'Mayfly',
  url: 'https://localhost:8443',
  isHeld: false,
  hosts: [{ name: 'i-0a1b2c3d4e5f60718', running: 3, enrolled: true, hot: true, held: false }],
  startedAtMs: T0,
  endsAtMs: T0 + 60_000,
};

describe('the score', () => {
  it('counts every task under exactly one verdict', () => {
    const cards = (['seen', 'post-mortem', 'never-started', 'missed', 'pending'] as const).map((verdict) =>
      aCard({ verdict }),
    );
    const { tasks, seen, postMortem, neverStarted, missed, pending } = score(cards);
    expect(seen + postMortem + neverStarted + missed + pending).toBe(tasks);
  });

  it('takes percentiles from measured values, without interpolation', () => {
    const cards = [1, 2, 3, 4].map((s) => aCard({ answeredAtMs: T0 + s * 1000 }));
    expect(score(cards).timeToAnswerMs).toEqual({ p50: 2_000, p95: 4_000, max: 4_000 });
  });

  it('computes shares of the tasks with a verdict; for the schedule, of those it saw or can no longer see', () => {
    const running = { endedAtMs: undefined };
    const cards = [
      aCard({ bySchedule: true }),
      aCard({ verdict: 'post-mortem' }),
      aCard({ verdict: 'missed' }),
      aCard({ verdict: 'pending', ...running }),
      aCard({ ...running }),
    ];
    expect(score(cards)).toMatchObject({ share: 3 / 4, scheduleShare: 1 / 3 });
    expect(score([aCard({ verdict: 'pending', ...running })])).toMatchObject({ share: null, scheduleShare: null });
  });

  it('has no time to answer before the first answer', () => {
    const { answeredAtMs: _, ...card } = aCard();
    expect(score([{ ...card, answeredAtMs: undefined }]).timeToAnswerMs).toBeUndefined();
  });

  it('groups the mixed workload by lifetime, each task once', () => {
    const lives = [1_000, 10_000, 10_001, 60_000, 60_001].map((ms) => aCard({ endedAtMs: T0 + ms }));
    const counts = groups([...lives, aCard({ family: 'sleepy' })], T0 + 90_000).map(([, cards]) => cards.length);
    expect(counts).toEqual([1, 2, 2, 1, 6]);
  });
});

describe('the live view', () => {
  it('shows the share of tasks with a verdict that Mayfly and the schedule saw', () => {
    const cards = [
      aCard({ bySchedule: true }),
      aCard({ verdict: 'post-mortem' }),
      aCard({ verdict: 'pending' }),
      aCard({ verdict: 'missed', reason: 'no-host' }),
    ];
    const lines = frame(aScene, cards, { nowMs: T0 + 30_000, rows: 40, color: plain });
    expect(lines.find((line) => line.startsWith('Mayfly     '))).toContain('67 %');
    expect(lines.find((line) => line.startsWith('every 60 s'))).toContain('25 %');
    expect(lines.join('\n')).toContain('missed: no-host');
  });

  it('shows which reads are held, and how soon each was answered', () => {
    const held = { ...aScene, isHeld: true, hosts: [{ ...aScene.hosts[0], held: true, hot: false }] } as typeof aScene;
    const text = frame(held, [aCard(), aCard({ fetchedAfterMs: 900 })], { nowMs: T0, rows: 40, color: plain }).join(
      '\n',
    );
    expect(text).toContain('◉ f60718');
    expect(text).toMatch(/^queued → agent {3}p50 70 ms {3}p95 0\.9 s {3}max 0\.9 s {3}reads are held/m);
    expect(text).toMatch(/seen \+2\.0 s woken 70 ms$/m);
    expect(frame(aScene, [aCard()], { nowMs: T0, rows: 40, color: plain }).join('\n')).not.toContain('woken');
  });

  it('excludes tasks that never started a container from shares', () => {
    const lines = frame(aScene, [aCard(), aCard({ verdict: 'never-started', startedAtMs: undefined })], {
      nowMs: T0,
      rows: 40,
      color: plain,
    });
    expect(lines.find((line) => line.startsWith('Mayfly     '))).toContain('100 %');
  });

  it('fits the window, with the latest tasks first', () => {
    const cards = Array.from({ length: 50 }, (_, index) => aCard({ family: `f${index}` }));
    const lines = frame(aScene, cards, { nowMs: T0, rows: 24, color: plain });
    expect(lines.length).toBeLessThan(24);
    expect(lines.find((line) => line.startsWith('f'))).toMatch(/^f49 /);
  });

  it('has no line that wraps at 80 columns, whatever it shows', () => {
    const reasons = ['not-enrolled', 'agent-silent', 'instance-unknown-for-a-very-long-time'];
    const cards = Array.from({ length: 400 }, (_, index) =>
      aCard({
        family: 'a-family-with-a-very-long-name',
        ...(index % 2 ? { verdict: 'missed', reason: reasons[index % 3] } : { verdict: 'post-mortem' }),
        endedAtMs: T0 + 2 ** (index % 22) * 1000,
        answeredAtMs: T0 + 2 ** (index % 22) * 1000,
      }),
    );
    const hosts = Array.from({ length: 6 }, () => ({
      name: 'i-0a1b2c3d4e5f60718',
      running: 12,
      enrolled: true,
      hot: true,
      held: false,
    }));
    const scene = { ...aScene, hosts, latestRow: 'x'.repeat(200) };
    const lines = frame(scene, cards, { nowMs: T0 + 500_000, rows: 60, color: plain });
    expect(lines.filter((line) => line.length > 79)).toEqual([]);
  });

  it('distinguishes the bars of Mayfly and of the schedule without colour, and explains both', () => {
    const cards = [aCard({ bySchedule: true }), aCard({ verdict: 'post-mortem', bySchedule: true })];
    const lines = frame(aScene, cards, { nowMs: T0, rows: 40, color: plain });
    expect(lines.find((line) => line.startsWith('Mayfly     '))).toContain('█████████▒▒▒▒▒▒▒▒▒');
    expect(lines.find((line) => line.startsWith('every 60 s'))).toContain('==================');
    expect(lines).toContain('█ seen alive  ▒ seen post-mortem  = seen by the schedule  · missed');
  });

  it('has a scale for the lives, on which the ends of bars can be read', () => {
    const lines = frame(aScene, [aCard({ endedAtMs: T0 + 10_000 })], { nowMs: T0 + 60_000, rows: 40, color: plain });
    const [scale = '', life = ''] = lines.slice(-2);
    expect(scale).toMatch(/1 s +10 s +1 min +10 min +looked at$/);
    expect(scale.indexOf('10 s')).toBe(life.lastIndexOf('━'));
  });

  it('shows a stored row, in one line', () => {
    const row = '60718: name=/api image=api:1 state=running';
    const lines = frame({ ...aScene, latestRow: row }, [], { nowMs: T0, rows: 40, color: plain });
    expect(lines).toContain(`a stored row     ${row}`);
  });

  it('writes durations in a readable form', () => {
    expect([400, 9_949, 12_400, 180_000].map(seconds)).toEqual(['0.4 s', '9.9 s', '12 s', '3 min']);
  });
});

describe('the summary', () => {
  it('ends with the next commands for this Mayfly', () => {
    expect(nextSteps([aCard()], ' --data x')).toContain(
      '  npx mayfly coverage --data x\n  npx mayfly missed --data x\n  npx mayfly task arn:aws:ecs:us-east-1:111122223333:task/demo/1 --data x',
    );
    expect(nextSteps([], '')).not.toContain('task');
  });

  it('has the same content as text and as JSON', () => {
    const cards = [aCard(), aCard({ family: 'sleepy', verdict: 'missed', reason: 'no-host', answeredAtMs: undefined })];
    expect(summary(cards, T0).at(-1)).toMatchObject({ group: 'all', tasks: 2, seen: 1, missed: 1 });
    const table = summaryTable(cards, T0);
    expect(table).toMatch(/^ +60 s +\ntasks +alive +after +Mayfly +schedule +missed/);
    expect(table).toMatch(/^all +2 +1 +0 +50 % +0 % +1 +0 /m);
    expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThanOrEqual(78);
  });

  it('says how long queries waited for their agents, and how to try the other front', () => {
    const cards = [aCard(), aCard({ fetchedAfterMs: 900 })];
    expect(frontNote(cards, true)).toMatch(
      /^Reads were held.* 70 ms after it was queued at the median, 0\.9 s at most\./,
    );
    expect(frontNote(cards, false)).toMatch(/^Agents polled.*\n.*--front service/);
    expect(frontNote([aCard({ fetchedAfterMs: undefined })], true)).toBe('No query reached an agent.');
  });

  it('mentions tasks that never started a container', () => {
    expect(summaryTable([aCard({ verdict: 'never-started', startedAtMs: undefined })], T0)).toContain(
      '1 more never started a container',
    );
  });
});

it('explains what happens to tasks that are still pending', () => {
  expect(stillPending(1)).toMatch(/^1 task is still pending: .*\n.*missed\.$/);
  expect(stillPending(3)).toMatch(/^3 tasks are still pending: /);
});
