import type { TaskDefinitions } from '../core/triggers/task-definitions.ts';

/** Knows no task definition: every container counts as essential. */
export const noTaskDefinitions: TaskDefinitions = { essentialContainers: async () => undefined };
