/** A runner in its own process, for tests that kill it: `run-local.ts <assembly> <data>` prints its endpoints. */
import { startLocal } from '../../../workbench/local-aws/index.ts';

const [assembly = '', data = ''] = process.argv.slice(2);
const running = await startLocal({ assembly, data, port: 0 });
process.stdout.write(
  `${JSON.stringify({ events: running.events, dynamodb: running.dynamodb, tableName: running.tableName, credentials: running.credentials })}\n`,
);
