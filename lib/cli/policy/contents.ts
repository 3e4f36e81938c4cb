import type { Policy } from '../../core/policy/policy.ts';
import { count } from '../terminal/print.ts';

/** `7 rules, 12 queries, 2 profiles` */
export function contents({ rules, profiles }: Pick<Policy, 'rules' | 'profiles'>): string {
  const queries = rules.reduce((sum, { queries, postMortem }) => sum + queries.length + postMortem.length, 0);
  return [count(rules.length, 'rule'), count(queries, 'query', 'queries'), count(profiles.length, 'profile')].join(
    ', ',
  );
}
