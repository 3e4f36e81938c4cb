import type { Command } from 'commander';
import { registerOpener } from '../../lib/cli/deployment/local-mayfly.ts';
import { addLocal } from './local-command.ts';

/**
 * Adds the commands that run only on this machine, and lets the operator's other commands read a stopped local Mayfly's
 * data.
 */
export function addWorkbench(program: Command): void {
  addLocal(program);
  registerOpener({
    open: async (data) => (await import('../local-aws/index.ts')).openLeft(data),
    copy: async (data) => (await import('../local-aws/index.ts')).openCopy(data),
  });
}
