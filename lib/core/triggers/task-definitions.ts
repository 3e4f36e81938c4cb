/** Task definitions, which say which containers are essential; events of tasks do not. */
export interface TaskDefinitions {
  /**
   * Names of the essential containers of a revision, which is immutable. Containers that it does not define were added by AWS
   * (GuardDuty's agent, Service Connect) and are not essential.
   *
   * @returns undefined if they are unknown; then every container counts as essential
   */
  essentialContainers(taskDefinitionArn: string): Promise<ReadonlySet<string> | undefined>;
}
