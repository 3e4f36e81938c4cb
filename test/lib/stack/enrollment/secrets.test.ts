import { describe, expect, it } from '@jest/globals';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Secrets } from '../../../../lib/stack/enrollment/secrets.ts';
import { anApp } from '../template.ts';

function aTemplate(names?: readonly string[], removalPolicy = RemovalPolicy.RETAIN): Template {
  const stack = new Stack(anApp(), 'S');
  const code = Code.fromInline('exports.handler = async () => {}');
  const fn = new LambdaFunction(stack, 'F', { runtime: Runtime.NODEJS_LATEST, handler: 'index.handler', code });
  new Secrets(stack, 'Secrets', { names, removalPolicy }).grantRead(fn);
  return Template.fromStack(stack);
}

describe('enroll secrets', () => {
  it('are one secret, beside the one that signs node keys, if none has a name', () => {
    const template = aTemplate();
    template.resourceCountIs('AWS::SecretsManager::Secret', 2);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { NAMED_SECRET_ARNS: Match.absent() } },
    });
  });

  it('with names are separate secrets, which the function may read by name', () => {
    const template = aTemplate(['web', 'db-2']);
    template.resourceCountIs('AWS::SecretsManager::Secret', 4);
    const [fn] = Object.values(template.findResources('AWS::Lambda::Function'));
    expect(JSON.stringify(fn?.Properties.Environment.Variables.NAMED_SECRET_ARNS)).toMatch(/web=.*db-2=/);
    const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
    expect(policy?.Properties.PolicyDocument.Statement[0].Resource).toHaveLength(4);
  });

  it.each([
    [RemovalPolicy.RETAIN, 'Retain'],
    [RemovalPolicy.DESTROY, 'Delete'],
  ])('all have the removal policy %s, like the secret that signs node keys', (removalPolicy, expected) => {
    const secrets = Object.values(aTemplate(['web'], removalPolicy).findResources('AWS::SecretsManager::Secret'));
    expect(secrets.map((secret) => secret.DeletionPolicy)).toEqual([expected, expected, expected]);
  });

  it.each([
    [['default']],
    [['web', 'web']],
    [['']],
    [['Web']],
    [['a b']],
    [Array.from({ length: 16 }, (_, n) => `s${n}`)],
  ])('cannot have these names: %j', (names) => {
    expect(() => aTemplate(names)).toThrow('enrollSecrets: ');
  });
});
