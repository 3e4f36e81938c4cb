/** Facts about a workload at the time of its event, attached to every row about it. */
export type Decorations = Readonly<Record<string, string>>;
