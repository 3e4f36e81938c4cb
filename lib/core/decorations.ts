/** What we know of a workload as of the event, attached to every row that answers for it. */
export type Decorations = Readonly<Record<string, string>>;
