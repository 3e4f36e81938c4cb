import { describe, expect, it } from '@jest/globals';
import { containerFacts } from '../../../../lib/core/results/container-facts.ts';

const AT = Date.parse('2026-11-20T10:15:27.123Z');

describe('the facts of a container from a row', () => {
  it('are its command, its times and its exit code, once it has ended', () => {
    expect(
      containerFacts({
        id: 'a',
        command: '/app/job --once',
        state: 'exited',
        status: 'Exited (137) About a minute ago',
        started_at: '2026-11-20T10:15:27.123456789Z',
        finished_at: '2026-11-20T10:15:28.123456789Z',
      }),
    ).toEqual({ command: '/app/job --once', startedAtMs: AT, finishedAtMs: AT + 1000, exitCode: 137 });
  });

  it("include no end of a running container (Docker's year 1), and no column that the query left out", () => {
    const row = { status: 'Up 5 seconds', started_at: '2026-11-20T10:15:27.123Z', finished_at: '0001-01-01T00:00:00Z' };
    expect(containerFacts(row)).toEqual({ startedAtMs: AT });
    expect(containerFacts({ id: 'a' })).toEqual({});
  });

  it.each(['', 'yesterday', '2026', '99999-01-01T00:00:00Z', '2026-13-45T00:00:00Z', '1969-12-31T00:00:00Z'])(
    'do not read %j as a time',
    (text) => {
      expect(containerFacts({ started_at: text, finished_at: text, status: `Exited (${text}) now` })).toEqual({});
    },
  );

  it('keep 512 bytes of a command, in whole characters', () => {
    const { command = '' } = containerFacts({ command: `a${'é'.repeat(5000)}` });
    expect(command).toBe(`a${'é'.repeat(255)}`);
  });
});
