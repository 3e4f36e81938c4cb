import { describe, expect, it } from '@jest/globals';
import { Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Mayfly } from '../../../lib/stack/mayfly.ts';
import { scaled } from '../../support/effort.ts';
import { anApp, someBundles } from './template.ts';

/** Synthesizes an app under cdk-nag, with the resources that `fill` adds to its stack; throws if cdk-nag reports an error. */
function synthesizeUnderNag(fill: (stack: Stack) => void, props: StackProps = {}, app = anApp()): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  fill(new Stack(app, 'Stack', props));
  app.synth();
}

const mayfly = (stack: Stack) => new Mayfly(stack, 'Mayfly', { bundles: someBundles() });

describe("AWS's Solutions checks", () => {
  it('find nothing in Mayfly inside a stack with an account and a Region', () => {
    expect(() => synthesizeUnderNag(mayfly, { env: { account: '111122223333', region: 'eu-west-1' } })).not.toThrow();
  });

  // In the long run with CDK's own rules, which take as long as all other stacks; `npm run synth` has them for the shipped one.
  it('find nothing in Mayfly with a topic for alarms and misses', () => {
    const withTopic = (stack: Stack) =>
      new Mayfly(stack, 'Mayfly', { bundles: someBundles(), alarmTopic: true, notifyMisses: true });
    expect(() => synthesizeUnderNag(withTopic, {}, anApp({ validation: scaled(1) > 1 }))).not.toThrow();
  });

  it('find nothing in Mayfly, in any environment, but find another bucket in its stack: it acknowledges only its own', () => {
    const withBucket = (stack: Stack) => {
      mayfly(stack);
      new Bucket(stack, 'Theirs');
    };
    expect(() => synthesizeUnderNag(withBucket)).toThrow(/^(?!.*Stack\/Mayfly).*Stack\/Theirs\/Resource/s);
  });
});
