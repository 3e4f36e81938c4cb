/** What a task's events leave out: which of its containers it cannot do without. */
export interface TaskDefinitions {
  /**
   * Names of the essential containers of a revision, which never changes. Containers that it does not have were put into
   * the task by AWS (GuardDuty's agent, Service Connect), and the task goes on without them.
   *
   * @returns undefined where nobody can say: then every container counts as essential
   */
  essentialContainers(taskDefinitionArn: string): Promise<ReadonlySet<string> | undefined>;
}
