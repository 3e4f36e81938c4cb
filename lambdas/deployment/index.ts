import { respond } from '../../lib/aws/custom-resource.ts';
import { seedIn } from '../../lib/aws/policy-seed.ts';
import { openTable } from '../../lib/aws/table.ts';
import { telemetry } from '../../lib/aws/telemetry.ts';
import { readEnv } from './env.ts';
import { createHandler } from './handler.ts';

const table = openTable(readEnv(process.env).TABLE_NAME);

export const handler = createHandler({
  seed: () => seedIn(table, Date.now()),
  respond,
  report: telemetry(),
});
