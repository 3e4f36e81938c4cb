import type { Limits, Policy, PolicyRule } from '../../lib/core/policy/policy.ts';
import { plainPolicy } from './plain-policy.ts';

/** A rule with one query about the host itself; `rule` overrides its properties. */
export const aRule = (name: string, on: PolicyRule['on'], rule: Partial<PolicyRule> = {}): PolicyRule => ({
  name,
  answers: 'What runs there?',
  on,
  target: 'same-node',
  priority: 3,
  expiresSeconds: 600,
  lastGasp: false,
  accelerateSeconds: 0,
  queries: [{ name: 'containers', sql: 'SELECT id, image FROM docker_containers', bind: {} }],
  postMortem: [],
  postMortemExpiresSeconds: 10_800,
  ...rule,
});

/** A policy with only these rules. */
export const aPolicyOf = (rules: readonly PolicyRule[], limits: Partial<Limits> = {}): Policy => ({
  ...plainPolicy,
  rules,
  limits: { ...plainPolicy.limits, ...limits },
});
