import { LEDGER_OUTPUTS } from './ledger-outputs.ts';
import { LOCAL_OUTPUTS } from './local-outputs.ts';
import { OPERATION_OUTPUTS } from './operation-outputs.ts';
import { POLICY_OUTPUTS } from './policy-outputs.ts';
import { QUERY_OUTPUTS } from './query-outputs.ts';
import type { JsonOutput } from './schemas.ts';

/** The `--json` outputs with a published schema, by command. docs/reference/json.md is generated from this. */
export const JSON_OUTPUTS = {
  ...LEDGER_OUTPUTS,
  ...QUERY_OUTPUTS,
  ...OPERATION_OUTPUTS,
  ...POLICY_OUTPUTS,
  ...LOCAL_OUTPUTS,
} as const satisfies Readonly<Record<string, JsonOutput>>;
