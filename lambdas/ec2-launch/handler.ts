import { eventBatch } from '../../lib/aws/event-batch.ts';
import type { Report } from '../../lib/core/report.ts';
import { handleLaunch, type LaunchDeps } from '../../lib/core/triggers/handle-launch.ts';

/** EC2 instances that came up, as EC2 or their Auto Scaling group says. */
export const createHandler = (deps: LaunchDeps, report: Report) =>
  eventBatch(async (event) => (event.kind === 'launch' ? handleLaunch(event.event, deps) : 'ignored'), report);
