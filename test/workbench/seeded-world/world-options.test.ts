import { describe, expect, it, jest } from '@jest/globals';
import { worldOptionsOf } from '../../../workbench/seeded-world/bench/world-options.ts';

describe('npm run world', () => {
  it('runs some worlds by default, and replays one by its seed', () => {
    expect(worldOptionsOf([])).toEqual({ seeds: 200, from: 1, processes: 2 });
    expect(worldOptionsOf('--seeds 2000 --from 5'.split(' '))).toEqual({ seeds: 2000, from: 5, processes: 2 });
    expect(worldOptionsOf('--seed 1234'.split(' '))).toMatchObject({ seed: 1234 });
  });

  it('rejects anything but a number above 0', () => {
    const quiet = jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
    for (const text of ['0', '-1', 'x', '1.5']) expect(() => worldOptionsOf(['--seeds', text])).toThrow('whole number');
    quiet.mockRestore();
  });
});
