import type { Command } from 'commander';
import { registerOpener } from '../../lib/cli/local-mayfly.ts';
import { openLeft } from '../local-aws/index.ts';
import { addLocal } from './local-command.ts';

/** Adds to the operator's command what only runs on this machine, and lets its other commands read what that left. */
export function addWorkbench(program: Command): void {
  addLocal(program);
  registerOpener(openLeft);
}
