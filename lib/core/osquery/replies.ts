/**
 * What the agent reads. The status is for operators alone: 200 is what we meant to say, 503 what failed, so that 4xx counts
 * only what the gateway itself refused. The agent never looks at the HTTP status: a JSON object without `error` and without a true
 * `node_invalid` means "accepted", and it then deletes its data (docs/spec/osquery-protocol.md §3).
 */
export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly contentType: 'application/json' | 'text/plain';
}

const json = (status: number, document: unknown): Reply => ({
  status,
  body: JSON.stringify(document),
  contentType: 'application/json',
});

/** The data is durable, or was put aside on purpose: the agent may delete it. */
export const accepted: Reply = json(200, {});

/** Trouble that passes: the agent keeps its data and comes again. On enroll it is a refusal, for want of a key. */
export const refused = (error: string, status = 200): Reply => json(status, { error });

/** The key opens nothing: the agent forgets it and enrolls again. Only after a look-up that found no valid node. */
export const nodeInvalid: Reply = json(200, { node_invalid: true });

/** The one form that every endpoint, carving included, takes for a failure. */
export const plain = (text: string): Reply => ({ status: 200, body: text, contentType: 'text/plain' });

export const enrolled = (nodeKey: string): Reply => json(200, { node_key: nodeKey });

/** A document that is JSON already, sent byte for byte. */
export const document = (body: string): Reply => ({ status: 200, body, contentType: 'application/json' });

/** Queries for the node; `accelerate` is in whole seconds, as osquery wants an integer. */
export function work(
  queries: readonly { readonly wireId: string; readonly sql: string; readonly discovery?: string }[],
  accelerate: number | undefined,
): Reply {
  const discovery = queries.flatMap((query) => (query.discovery ? [[query.wireId, query.discovery]] : []));
  return json(200, {
    queries: Object.fromEntries(queries.map((query) => [query.wireId, query.sql])),
    discovery: discovery.length > 0 ? Object.fromEntries(discovery) : undefined,
    accelerate,
  });
}
