/** Writes docs/reference/policy.md from the schema of policies. `npm run docs` */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { policyReference } from '../lib/policy-compiler/reference.ts';

writeFileSync(fileURLToPath(new URL('../docs/reference/policy.md', import.meta.url)), policyReference());
