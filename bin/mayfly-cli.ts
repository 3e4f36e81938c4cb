/** The command in a clone: the operator's commands, and those that run on this machine only. */
import { main } from '../lib/cli/main.ts';
import { addWorkbench } from '../workbench/demo/add-workbench.ts';

await main(addWorkbench);
