import { describe, expect, it } from '@jest/globals';
import { mayfly } from '../../../support/command.ts';

const COMMANDS = ['init', 'check', 'diff', 'push', 'rollback', 'history', 'show', 'test', 'replay'];

describe('mayfly policy --help', () => {
  it('lists every command and the exit codes', async () => {
    const { code, stdout } = await mayfly('policy', '--help');
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command}[ |]`, 'm'));
    expect(stdout).toContain('3 diff found changes');
  });

  it.each(COMMANDS)('has examples for %s, and accepts them', async (command) => {
    const { code, stdout } = await mayfly('policy', command, '--help');
    expect([code, stdout]).toEqual([0, expect.stringContaining('--json')]);
    const examples = [...stdout.matchAll(/^ {2}\$ .*?npx mayfly (policy [^|)]*)/gm)].map(([, example]) =>
      String(example),
    );
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const words = [...example.matchAll(/"[^"]*"|\S+/g)].map(([word]) => word);
      // With `--help` at the end the command does nothing, but has parsed its other arguments.
      expect(await mayfly(...words, '--help')).toMatchObject({ code: 0 });
      const wrong = await mayfly(...words, '--no-such-option');
      expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("unknown option '--no-such-option'")]);
    }
  });
});
