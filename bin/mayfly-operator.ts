/** The command in the npm package: the operator's commands. */
import { main } from '../lib/cli/main.ts';

await main();
