import type { TaskDefinitions } from '../core/triggers/task-definitions.ts';

/** Has no task definitions, so every container counts as essential. */
export const noTaskDefinitions: TaskDefinitions = { essentialContainers: async () => undefined };
