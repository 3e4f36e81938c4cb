import { otherHostOf } from '../hosts/resolve-host.ts';
import { HOT_INTERVAL_SECONDS } from '../ledger/bound.ts';
import { accelerateSeconds, type Node } from '../nodes/node.ts';
import type { NodeClaim } from '../nodes/node-key.ts';
import { pollerOf } from '../nodes/poller.ts';
import { agentConfig } from '../policy/agent-config.ts';
import { type Drained, drain } from '../queue/drain.ts';
import { defaultLimits } from '../queue/plan-drain.ts';
import { giveUp } from '../results/give-up.ts';
import { handleAnswers } from '../results/handle-answers.ts';
import type { TimeLeft } from '../results/lines.ts';
import { cut } from '../text.ts';
import type { TlsApiDeps } from './deps.ts';
import { handleReportedInstance } from './instance-claim.ts';
import { type NodePartition, nodeOf } from './node-access.ts';
import { hasOutlived, nodeIntervalSeconds, nodeProfile, recordSeen } from './presence.ts';
import { quarantine } from './quarantine.ts';
import { accepted, document, nodeInvalid, type Reply, refused, work } from './replies.ts';
import { RequestBody } from './request-body.ts';
import { readAnswers, readLog, unreadableRows } from './requests.ts';
import { MAX_LOG_LINES, storeLog } from './store-log.ts';

/** The data of a log or write request. */
export interface NodeData {
  readonly document: unknown;
  readonly body: RequestBody;
  readonly timeLeftMs: TimeLeft;
}

/** Answers a config request with the agent configuration of the node's profile. */
export async function answerConfig(claim: NodeClaim, deps: TlsApiDeps): Promise<Reply> {
  const node = await nodeOf(claim, deps);
  if (!node) return nodeInvalid;
  await recordSeen(node, deps);
  return document(agentConfig(nodeProfile(node, await deps.policy(), deps)).json);
}

/** Answers a distributed read with the host's pending queries. */
export async function answerRead(partition: NodePartition, timeLeftMs: TimeLeft, deps: TlsApiDeps): Promise<Reply> {
  const { now, limits = defaultLimits } = deps;
  const nowMs = now();
  const drained = await drainFor(partition, timeLeftMs, deps);
  if (!drained) return nodeInvalid;
  return work(drained.queries, await accelerateFor(partition.node, drained.isMore ? limits.leaseMs : 0, nowMs, deps));
}

/** Records that the node polled, and drains its queue; undefined if the node has to enroll again. */
export async function drainFor(
  partition: NodePartition,
  timeLeftMs: TimeLeft,
  deps: TlsApiDeps,
): Promise<Drained | undefined> {
  const { now, report, limits = defaultLimits } = deps;
  const { node } = partition;
  const nowMs = now();
  await recordSeen(node, deps);
  if (node.contests && (await hasOutlived(node, node.contests, deps))) return undefined;
  // An idle poll of a cold host needs no policy, and so does not read it.
  const idle = partition.pending.length === 0;
  const { queriesPerDelivery } = idle ? limits : (await deps.policy()).policy.limits;
  const drained = await drain(partition, nowMs, {
    ...deps,
    limits: { ...limits, queriesPerDelivery },
    giveUp: (delivery, given) => giveUp(node, delivery, given, { ...deps, timeLeftMs }),
  });
  const { queries, waiting, longestWaitMs } = drained;
  const wireIds = queries.map((query) => query.wireId);
  if (queries.length > 0) report('queries_delivered', { host: node.host, wireIds, waiting, longestWaitMs });
  return drained;
}

/**
 * For how many seconds the agent should poll every 5 s: what is left of its host's heat, or the lease of this delivery if
 * more queries are waiting. Undefined for an agent whose own interval is as short, because osquery would slow it down
 * (docs/spec/osquery-protocol.md §9.1).
 */
async function accelerateFor(node: Node, moreMs: number, nowMs: number, deps: TlsApiDeps): Promise<number | undefined> {
  const seconds = accelerateSeconds({ hotUntilMs: Math.max(node.hotUntilMs, nowMs + moreMs) }, nowMs);
  if (seconds === undefined) return undefined;
  return (await nodeIntervalSeconds(node, deps)) > HOT_INTERVAL_SECONDS ? seconds : undefined;
}

/** Answers a distributed write: stores the answers and records what they prove. */
export async function answerWrite(node: Node, data: NodeData, deps: TlsApiDeps): Promise<Reply> {
  const { registry, now, report } = deps;
  const answers = readAnswers(data.document);
  const unreadable = (reason: string, body: RequestBody): Promise<Reply> =>
    quarantine(node, { endpoint: 'write', reason, body }, deps);
  if (!answers) return unreadable('no readable queries', data.body);
  const done = await handleAnswers(node, answers, {
    ...deps,
    timeLeftMs: data.timeLeftMs,
    learnConfig: (host, hash) => deps.directory.recordConfigHash(host, hash),
    poller: async () =>
      pollerOf(node, (await deps.policy()).policy.profiles, {
        nowMs: now(),
        heldEverySeconds: deps.longPoll?.intervalSeconds,
      }),
    learnInstance: (host, instance) => handleReportedInstance(node, host, instance, deps),
    seesContainers: () => registry.recordDockerAccess(node.host, now()),
    otherHostOf: (name) => otherHostOf(name, node.host, deps),
  });
  // These ids are untrusted, and after an outage there are thousands: log ten of them, shortened.
  const wireIds = answers.slice(0, 10).map((answer) => cut(answer.wireId, 64));
  report('answers_stored', { host: node.host, answers: answers.length, wireIds, done });
  if (!done) return refused('Some of these results are not stored yet: keep all of them and try again.', 503);
  // Quarantine lines come last. A copy of the request that arrives meanwhile stores them again, with the same ids.
  for (const part of unreadableRows(data.document))
    await unreadable('rows are no list of objects', RequestBody.of(Buffer.from(part)));
  return accepted;
}

/** Answers a log request: stores its lines and queues what they trigger. */
export async function answerLog(node: Node, data: NodeData, deps: TlsApiDeps): Promise<Reply> {
  const batch = readLog(data.document);
  const unreadable = (reason: string): Promise<Reply> =>
    quarantine(node, { endpoint: 'log', reason, body: data.body }, deps);
  if (!batch) return unreadable('no readable data');
  if (batch.lines.length > MAX_LOG_LINES) return unreadable(`more than ${MAX_LOG_LINES} lines`);
  const done = await storeLog(node, batch, data.timeLeftMs, deps);
  return done
    ? accepted
    : refused('Some lines are stored: send the whole batch again, and the rest is stored then.', 503);
}
