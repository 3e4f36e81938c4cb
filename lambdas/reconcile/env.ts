import * as z from 'zod/mini';
import { BusEnv } from '../../lib/aws/ledger/coverage-events.ts';
import { TableEnv } from '../../lib/aws/table/table-env.ts';
import type { AgentScope } from '../../lib/core/fleet/agent-scope.ts';

const seconds = z.coerce.number().check(z.int(), z.positive());
const Env = z.object({
  ...TableEnv,
  ...BusEnv,
  NO_AGENT_AFTER_SECONDS: seconds,
  SWEEP_EVERY_SECONDS: seconds,
  /** JSON, see `AgentScope`. */
  EXPECT_AGENTS: z.optional(z.string()),
});

const names = z.optional(z.array(z.string()));
const Scope = z.object({ tags: z.optional(z.record(z.string(), z.array(z.string()))), vpcs: names, clusters: names });

/** Where agents are expected; undefined if everywhere. @throws if the text is of another form */
export const scopeIn = ({ EXPECT_AGENTS: text }: z.infer<typeof Env>): AgentScope | undefined =>
  text === undefined ? undefined : Scope.parse(JSON.parse(text));

/** Throws at cold start, naming every missing or malformed variable. */
export const readEnv = (source: NodeJS.ProcessEnv): z.infer<typeof Env> => Env.parse(source);
