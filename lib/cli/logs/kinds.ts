/** What `mayfly tail` shows, by kind. */
export const KINDS = ['refused', 'enrolled', 'event', 'query', 'answer', 'miss', 'issue'] as const;
export type Kind = (typeof KINDS)[number];
