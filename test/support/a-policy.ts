import type { Policy, PolicyVersion } from '../../lib/core/policy/policy.ts';
import { versionAfter } from '../../lib/core/policy/policy-version.ts';
import { T0 } from './times.ts';

/** A policy with one rule, named after `n`. */
export const aPolicy = (n: number, policy: Partial<Policy> = {}): Policy => ({
  rules: [
    {
      name: `rule-${n}`,
      answers: 'Which version is this?',
      on: { request: `ask-${n}` },
      target: 'same-node',
      priority: 3,
      lastGasp: false,
      expiresSeconds: 600,
      accelerateSeconds: 0,
      queries: [{ name: 'version', sql: 'SELECT version FROM osquery_info', bind: {} }],
      postMortem: [],
      postMortemExpiresSeconds: 600,
    },
  ],
  profiles: [{ name: 'default', config: { options: { distributed_interval: 10 } } }],
  limits: { queriesPerDelivery: 3, pendingPerHost: 1000, spacingSeconds: 0, hostsPerTrigger: 100 },
  heatSeconds: 300,
  ledgerKeepsSeconds: 90 * 86_400,
  ...policy,
});

/** Version n, containing `aPolicy(n)`, pushed n minutes after T0. */
export const aVersion = (n: number, version: Partial<PolicyVersion> = {}): PolicyVersion => ({
  ...versionAfter(n - 1, {
    policy: aPolicy(n),
    sources: { 'rules/version.yaml': `# version ${n}\n` },
    message: `change ${n}`,
    pushedBy: `user${n}@laptop`,
    pushedAtMs: T0 + n * 60_000,
  }),
  ...version,
});
