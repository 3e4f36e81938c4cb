/**
 * A reply to an agent. The agent reads the body only: a JSON object without `error` and without a true `node_invalid` means
 * "accepted", and the agent then deletes its data (docs/spec/osquery-protocol.md §3). The status is for operators: 200 for an
 * intended reply, 503 for a failure. So 4xx counts only what the gateway itself refused.
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

/** The data is durable or in quarantine: the agent may delete it. */
export const accepted: Reply = json(200, {});

/** An error: the agent keeps its data and tries again. For an enroll request it is a refusal, as it contains no key. */
export const refused = (error: string, status = 200): Reply => json(status, { error });

/** The key is invalid: the agent deletes it and enrolls again. Sent only after a lookup found no valid node. */
export const nodeInvalid: Reply = json(200, { node_invalid: true });

/** Plain text: the one form that every endpoint, including carving, treats as a failure. */
export const plain = (text: string): Reply => ({ status: 200, body: text, contentType: 'text/plain' });

export const enrolled = (nodeKey: string): Reply => json(200, { node_key: nodeKey });

/** A JSON text, sent byte for byte. */
export const document = (body: string): Reply => ({ status: 200, body, contentType: 'application/json' });

/** Queries for the node; `accelerate` is in whole seconds, because osquery expects an integer. */
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
