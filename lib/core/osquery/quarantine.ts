import type { Node } from '../nodes/node.ts';
import { lineId } from '../results/lines.ts';
import type { TlsApiDeps } from './deps.ts';
import { accepted, type Reply } from './replies.ts';
import type { RequestBody } from './request-body.ts';

/** A body that Mayfly cannot read. */
export interface UnreadableBody {
  readonly endpoint: 'log' | 'write';
  readonly reason: string;
  readonly body: RequestBody;
}

/** Stores an unreadable body for operators and acknowledges it: the agent would send it forever. */
export async function quarantine(
  { host }: Node,
  { endpoint, reason, body }: UnreadableBody,
  { sink, now, report }: Pick<TlsApiDeps, 'sink' | 'now' | 'report'>,
): Promise<Reply> {
  const bodyBase64 = (await body.keepsake()).toString('base64');
  const id = lineId(host, endpoint, bodyBase64);
  const nowMs = now();
  const time = new Date(nowMs).toISOString();
  await sink.quarantine([{ id, kind: 'quarantine', time, storedAtMs: nowMs, host, endpoint, reason, bodyBase64 }]);
  report('body_quarantined', { host, endpoint, reason, bytes: body.size });
  return accepted;
}
