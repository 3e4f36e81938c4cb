import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { startLocal } from '../../../workbench/local-aws/index.ts';
import { aFolder } from '../../support/folder.ts';
import { synthesizeTinyApp } from './tiny-app.ts';

let app: { assembly: string };
beforeAll(() => {
  app = synthesizeTinyApp(aFolder());
});

describe('a stack that cannot run locally', () => {
  const template = () => JSON.parse(readFileSync(path.join(app.assembly, 'Tiny.template.json'), 'utf8'));

  it.each<[string, (resources: Resources) => void, RegExp]>([
    [
      'an unknown resource type',
      (all) => Object.assign(all, { Stream: { Type: 'AWS::Kinesis::Stream' } }),
      /Stream: the resource type AWS::Kinesis::Stream/,
    ],
    [
      'an unknown property',
      (all) => each(all, 'AWS::SQS::Queue', { FifoQueue: true }),
      /\(AWS::SQS::Queue\): the property FifoQueue/,
    ],
    [
      'a pattern that AWS would reject',
      (all) => each(all, 'AWS::Events::Rule', { EventPattern: { a: [{ nope: 1 }] } }),
      /AWS would refuse the pattern: \$\.a\[0\]\.nope/,
    ],
    [
      'another target than a queue',
      (all) => each(all, 'AWS::Events::Rule', { Targets: [{ Id: 'x', Arn: 'arn:elsewhere' }] }),
      /the target arn:elsewhere is no queue/,
    ],
    [
      'another runtime',
      (all) => each(all, 'AWS::Lambda::Function', { Runtime: 'python3.13' }),
      /the runtime python3\.13 is not implemented/,
    ],
    [
      'code outside the assembly',
      (all) => each(all, 'AWS::Lambda::Function', { Code: { S3Bucket: 'b', S3Key: 'k' } }),
      /its code is no asset/,
    ],
  ])('is rejected at once with the reason: %s', async (_, change, message) => {
    const broken = aFolder();
    const changed = template();
    change(changed.Resources);
    for (const file of ['manifest.json', 'Tiny.assets.json'])
      writeFileSync(path.join(broken, file), readFileSync(path.join(app.assembly, file)));
    writeFileSync(path.join(broken, 'Tiny.template.json'), JSON.stringify(changed));
    const folder = path.join(broken, 'data');
    await expect(startLocal({ assembly: broken, data: folder, port: 0 })).rejects.toThrow(message);
    expect(existsSync(path.join(folder, 'runner.lock'))).toBe(false);
    expect(existsSync(path.join(folder, 'dynoxide.pid'))).toBe(false);
  });

  it('is rejected if the folder is not an assembly, or the assembly lacks the named stack', async () => {
    await expect(startLocal({ assembly: aFolder(), data: aFolder(), port: 0 })).rejects.toThrow(
      /is no CDK cloud assembly/,
    );
    await expect(startLocal({ assembly: app.assembly, data: aFolder(), port: 0, stackName: 'Other' })).rejects.toThrow(
      /has no stack Other, only: Tiny/,
    );
  });
});

type Resources = Record<string, { Type: string; Properties?: Record<string, unknown> }>;

/** Sets properties of each resource of a type. */
function each(resources: Resources, type: string, properties: Record<string, unknown>): void {
  for (const one of Object.values(resources))
    if (one.Type === type) one.Properties = { ...one.Properties, ...properties };
}
