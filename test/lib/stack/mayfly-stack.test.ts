import { describe, expect, it } from '@jest/globals';
import { MayflyStack } from '../../../lib/stack/mayfly-stack.ts';
import { anApp, someBundles } from './template.ts';

const bundles = someBundles();

function isProtected(context: unknown, props: { readonly terminationProtection?: boolean } = {}): boolean | undefined {
  const app = anApp();
  app.node.setContext('terminationProtection', context);
  return new MayflyStack(app, 'Mayfly', { bundles, ...props }).terminationProtection;
}

describe('the shipped stack', () => {
  it('cannot be deleted by mistake: termination protection is on by default', () => {
    expect(isProtected(undefined)).toBe(true);
  });

  it('has no termination protection if the context or a prop turns it off', () => {
    expect(isProtected('false')).toBe(false);
    expect(isProtected(undefined, { terminationProtection: false })).toBe(false);
  });

  it('rejects another value of the context, with what is allowed', () => {
    expect(() => isProtected('no')).toThrow('the context terminationProtection is "no": it has to be true or false');
  });
});
