import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { exitCodeOf, optionsOf } from '../../../workbench/simulated-day/bench/simulate-options.ts';

describe('npm run simulate', () => {
  const said: string[] = [];
  beforeEach(() => {
    said.length = 0;
    for (const stream of [process.stdout, process.stderr])
      jest.spyOn(stream, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('needs no options', () => {
    expect(optionsOf([])).toEqual({
      options: {
        ...{ seed: '1', tasks: 300, hosts: 6, lifetimes: 'all', sweep: 60, drop: 0, duplicate: 0, reorder: 0 },
        ...{ json: false, out: '.mayfly/catch-rate.svg' },
      },
      command: 'npm run simulate -- --seed 1',
    });
  });

  it('knows the command that repeats the run, whatever the output format', () => {
    const given = '--seed x --tasks 20 --lifetimes ci --drop 0.2';
    expect(optionsOf([...given.split(' '), '--json', '--out', 'x.svg']).command).toBe(`npm run simulate -- ${given}`);
  });

  it.each([
    ['--drop 2', 'A share from 0 to 1'],
    ['--drop ', 'A share from 0 to 1'],
    ['--reorder x', 'A share from 0 to 1'],
    ['--tasks 0', 'A whole number above 0'],
    ['--hosts 1.5', 'A whole number above 0'],
    ['--sweep -1', 'Whole seconds'],
    ['--lifetimes foo', 'One of 10s, sysdig2019, sysdig2025, ci, all'],
    ['--bogus', "unknown option '--bogus'"],
    ['--seed', 'argument missing'],
    ['stray', 'too many arguments'],
  ])('does not run with %s, and prints the reason', (args, message) => {
    expect(() => optionsOf(args.split(' '))).toThrow(expect.objectContaining({ exitCode: 1 }));
    expect(said.join('')).toContain(message);
    expect(said.join('')).toContain('Try the same with --help');
  });

  it('exits with 0 after its help, and throws what is no error of its command line', () => {
    const help = (): unknown => {
      try {
        return optionsOf(['--help']);
      } catch (error) {
        return error;
      }
    };
    expect(exitCodeOf(help())).toBe(0);
    expect(said.join('')).toContain('npm run simulate -- --lifetimes sysdig2025');
    expect(() => exitCodeOf(new Error('a bug'))).toThrow('a bug');
  });

  it('exits with 2 for an invalid command line', async () => {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const args = ['--import', 'tsx', 'workbench/simulated-day/bench/simulate.ts', '--bogus'];
    await expect(promisify(execFile)(process.execPath, args, { env })).rejects.toMatchObject({
      code: 2,
      stderr: "error: unknown option '--bogus'\nTry the same with --help\n",
    });
  });
});
