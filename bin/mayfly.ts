/** The CDK app: one stack with Mayfly, in the account and Region of your credentials. */
import { env } from 'node:process';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import cdkJson from '../cdk.json' with { type: 'json' };
import { attestModeOf } from '../lib/stack/attestation.ts';
import { MayflyStack } from '../lib/stack/mayfly-stack.ts';
import { bundleFunctions } from '../scripts/bundle.ts';
import { bundleService } from '../scripts/bundle-service.ts';

await Promise.all([bundleFunctions(), bundleService()]);

// The CDK CLI passes both. Without the CLI (`node --import tsx bin/mayfly.ts`) the template must be the same, in the same folder.
const app = new App({ context: cdkJson.context, outdir: env.CDK_OUTDIR ?? 'cdk.out' });
// `cdk deploy -c enrollSecrets=web,db`, or the same in cdk.json: further enroll secrets, by name.
const names = app.node.tryGetContext('enrollSecrets');
new MayflyStack(app, 'Mayfly', {
  attest: attestModeOf(app.node.tryGetContext('attest')),
  enrollSecrets: typeof names === 'string' ? names.split(',').filter((name) => name !== '') : [],
});
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();
