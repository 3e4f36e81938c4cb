import { beforeEach, describe, expect, it } from '@jest/globals';
import { AwsSecret } from '../../../../lib/aws/secrets/secrets.ts';
import { FakeSecrets } from '../../../support/fake-secrets.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

let nowMs: number;
let manager: FakeSecrets;
let secret: AwsSecret;
beforeEach(() => {
  nowMs = T0;
  manager = new FakeSecrets({ arn: 'first' });
  secret = new AwsSecret('arn', () => nowMs, manager.read);
});

describe('a secret', () => {
  it('has one value before its first rotation, then the current and the previous one', async () => {
    expect(await secret.values()).toEqual(['first']);
    manager.rotate('arn', 'second');
    nowMs += 5 * MINUTE;
    expect(await secret.values()).toEqual(['second', 'first']);
  });

  it('is read once in 50 seconds for any number of concurrent requests, so that a rotation takes effect within a minute', async () => {
    await Promise.all(Array.from({ length: 20 }, () => secret.values()));
    expect(manager.calls).toBe(2); // the two stages
    nowMs += 50 * SECOND - 1;
    await secret.values();
    expect(manager.calls).toBe(2);
    nowMs += 1;
    await secret.values();
    expect(manager.calls).toBe(4);
  });

  it('is read again if the presented value matches none, but at most every 30 seconds', async () => {
    await secret.values();
    manager.rotate('arn', 'second');
    nowMs += 30 * SECOND - 1;
    expect(await secret.refreshed()).toEqual(['first']);
    nowMs += 1;
    expect(await secret.refreshed()).toEqual(['second', 'first']);
    for (let stranger = 0; stranger < 50; stranger++) await secret.refreshed();
    expect(manager.calls).toBe(4);
  });

  it('fails until the first successful read, which the next request tries', async () => {
    manager.failing = true;
    await expect(secret.values()).rejects.toThrow();
    manager.failing = false;
    expect(await secret.values()).toEqual(['first']);
  });

  it('stays valid for an hour while the service is unavailable', async () => {
    await secret.values();
    manager.failing = true;
    nowMs += 60 * MINUTE - 1;
    expect(await secret.values()).toEqual(['first']);
    nowMs += 1;
    await expect(secret.values()).rejects.toThrow();
    manager.failing = false;
    manager.rotate('arn', 'second');
    expect(await secret.values()).toEqual(['second', 'first']);
  });

  it('does not exist without a current value', async () => {
    await expect(new AwsSecret('another', () => nowMs, manager.read).values()).rejects.toThrow();
    await expect(new AwsSecret('empty', () => nowMs, new FakeSecrets({ empty: '' }).read).values()).rejects.toThrow(
      /empty/,
    );
  });
});
