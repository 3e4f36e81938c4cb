import { describe, expect, it } from '@jest/globals';
import { identifierProblem, looksLikeInstance } from '../../../../lib/core/nodes/host-identifier.ts';

describe('a host identifier', () => {
  it.each(['i-0a1b2c3d4e5f60718', 'ip-10-0-0-4', 'db-01.example.com', 'büro 7', '\u{1F41D}'.repeat(127)])(
    'may be %j',
    (text) => {
      expect(identifierProblem(text)).toBeUndefined();
    },
  );

  it.each([
    ['', 'characters'],
    ['x'.repeat(256), 'characters'],
    ['arn:aws:ecs:us-east-1:111122223333:container-instance/prod/4f1c', 'ARN'],
    [' arn:aws:ecs:us-east-1:111122223333:container-instance/prod/4f1c', 'ARN'],
    ['\uff41rn:aws:ecs:us-east-1:111122223333:container-instance/prod/4f1c', 'ARN'],
    ['ARN:aws-cn:ecs:cn-north-1:111122223333:task/prod/4f1c', 'ARN'],
    ['web\u0000', 'control'],
    ['web\n', 'control'],
    ['web\u001b[2J', 'control'],
    ['web\u202e4-bd', 'control'],
    ['web\u2066', 'control'],
    ['w\u200beb', 'control'],
    ['web\u2028', 'control'],
    ['web\u3164', 'invisible'],
    ['  ', 'blank'],
    ['half \ud800', 'half a character'],
    ['i-0a1b2c3d4e5f60718~0123abcd', 'second agents'],
  ])('may not be %j', (text, why) => {
    expect(identifierProblem(text)).toContain(why);
  });

  it('is recognised as an instance id in any case, length, width and with blanks around it', () => {
    expect(['i-0a1b2c3d4e5f60718', 'i-0a1b2c3d', 'I-0A1B'].map(looksLikeInstance)).toEqual([true, true, true]);
    expect([' i-0a1b2c3d ', '\uff49-0a1b2c3d'].map(looksLikeInstance)).toEqual([true, true]);
    expect(['i-web', 'ip-10-0-0-4', 'xi-0a1b'].map(looksLikeInstance)).toEqual([false, false, false]);
  });
});
