import { run } from '../lib/cli/program.ts';

process.exitCode = await run(process.argv.slice(2));
