/** The CDK app: one stack with Mayfly, in the account and Region of your credentials. `app.js` runs it from a bundle. */
import { env } from 'node:process';
import { App, Validations } from 'aws-cdk-lib/core';
import cdkJson from '../cdk.json' with { type: 'json' };
import { checkContextNames } from '../lib/stack/context-names.ts';
import { attestModeOf } from '../lib/stack/enrollment/attestation.ts';
import { MayflyStack } from '../lib/stack/mayfly-stack.ts';
import { bundleIfChanged } from '../scripts/bundle-if-changed.ts';

async function synthesize(): Promise<void> {
  await bundleIfChanged();

  // The CDK CLI passes both. Without the CLI (`node bin/app.js`) the template must be the same, in the same folder.
  const app = new App({ context: cdkJson.context, outdir: env.CDK_OUTDIR ?? 'cdk.out' });
  checkContextNames(app);
  // `cdk deploy -c enrollSecrets=web,db`, or the same in cdk.json: further enroll secrets, by name.
  const names = app.node.tryGetContext('enrollSecrets');
  new MayflyStack(app, 'Mayfly', {
    attest: attestModeOf(app.node.tryGetContext('attest')),
    enrollSecrets: typeof names === 'string' ? names.split(',').filter((name) => name !== '') : [],
  });
  // Where CDK leaves out its own rules, as for `mayfly local`, so does the app: to load and run these takes a third of its time.
  if (env.CDK_VALIDATION !== 'false') {
    const { AwsSolutionsChecks } = await import('cdk-nag');
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  }
  app.synth();
}

void synthesize();
