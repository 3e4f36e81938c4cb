import { seedIn } from '../../lib/aws/policy/policy-seed.ts';
import { telemetry } from '../../lib/aws/reports/telemetry.ts';
import { openTable } from '../../lib/aws/table/table.ts';
import { respond } from './custom-resource.ts';
import { readEnv } from './env.ts';
import { createHandler } from './handler.ts';

const table = openTable(readEnv(process.env).TABLE_NAME);

export const handler = createHandler({
  seed: () => seedIn(table, Date.now()),
  respond,
  report: telemetry(),
});
