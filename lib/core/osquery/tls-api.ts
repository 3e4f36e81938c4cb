import { admit, isAdmitted } from '../attest/admit.ts';
import { NO_TRUST, type Trust } from '../attest/trust.ts';
import { enroll } from '../enrollment/enroll.ts';
import { traceOf } from '../errors.ts';
import type { FleetIssues } from '../fleet/fleet-issue.ts';
import { noteContest, noteSharing, noteTwin, noteUnattested } from '../fleet/note-contest.ts';
import { type Contest, learnInstance } from '../hosts/learn-instance.ts';
import { otherHostOf, resolveHost } from '../hosts/resolve-host.ts';
import { HOT_INTERVAL_SECONDS, intervalSecondsOf } from '../ledger/bound.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { entryOf, factsOf, type NodeDirectory } from '../nodes/directory.ts';
import { secretNamed } from '../nodes/enroll-secrets.ts';
import { identifierOf, looksLikeInstance } from '../nodes/host-identifier.ts';
import { accelerateSeconds, accepts, lives, NODE_TTL_MS, type Node, SEEN_EVERY_MS } from '../nodes/node.ts';
import { type NodeClaim, readNodeKey, signNodeKey } from '../nodes/node-key.ts';
import { pollerOf } from '../nodes/poller.ts';
import type { Aliases, NodeRegistry, NodeState } from '../nodes/registry.ts';
import type { RotatingSecret } from '../nodes/rotating-secret.ts';
import { contestMsOf, isContested, isLost } from '../nodes/twins.ts';
import { agentConfig, profileFor } from '../policy/agent-config.ts';
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import type { Profile } from '../policy/policy.ts';
import { drain } from '../queue/drain.ts';
import type { FanOuts } from '../queue/fan-out.ts';
import type { HostPartition, HostQueue } from '../queue/host-queue.ts';
import { type DrainLimits, defaultLimits } from '../queue/plan-drain.ts';
import type { Report } from '../report.ts';
import { giveUp } from '../results/give-up.ts';
import { handleAnswers } from '../results/handle-answers.ts';
import { lineId, type ResultSink, type TimeLeft } from '../results/lines.ts';
import type { StoredAnswers } from '../results/stored-answers.ts';
import type { StoredLogs } from '../results/stored-logs.ts';
import { cut } from '../text.ts';
import { boundsOf, documentOf, keysOf } from './admission.ts';
import { accepted, document, enrolled, nodeInvalid, plain, type Reply, refused, work } from './replies.ts';
import { RequestBody } from './request-body.ts';
import { enrollProblem, nodeKeyOf, readAnswers, readEnroll, readLog, unreadableRows } from './requests.ts';
import { type Endpoint, endpointOf, isCarve } from './routes.ts';
import { MAX_LOG_LINES, storeLog } from './store-log.ts';

/** One request of an agent, freed from the front that carried it. */
export interface AgentRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization?: string;
  readonly body: RequestBody;
  /** How long the function still lives: work that needs longer is left to the agent's next try. */
  readonly timeLeftMs: TimeLeft;
}

export interface TlsApiDeps {
  readonly queue: HostQueue;
  readonly registry: NodeRegistry & NodeState;
  readonly aliases: Aliases;
  readonly ledger: Ledger;
  readonly storedAnswers: StoredAnswers;
  readonly sink: ResultSink;
  readonly storedLogs: StoredLogs;
  readonly fleetIssues: FleetIssues;
  /** Whose instance identity documents count. @default NO_TRUST */
  readonly attestation?: Trust;
  /** By name; one is called `default`. */
  readonly enrollSecrets: ReadonlyMap<string, RotatingSecret>;
  readonly nodeKeySecret: RotatingSecret;
  readonly policy: LivePolicy;
  readonly directory: NodeDirectory;
  readonly fanOuts: FanOuts;
  /** How deliveries are leased; how many queries one holds is the policy's. @default defaultLimits */
  readonly limits?: DrainLimits;
  /** How often the reconciler sweeps. */
  readonly sweepEveryMs: number;
  readonly now: () => number; // epoch ms
  readonly report: Report;
}

/** A key that we signed, and what it says. */
interface Bearer {
  readonly key: string;
  readonly claim: NodeClaim;
}

/**
 * The osquery TLS API: enroll, config, log, distributed read and write. Whatever happens, the reply is one that makes
 * the agent do the right thing (the table in docs/spec/osquery-protocol.md §3.5): nothing is thrown.
 */
export class TlsApi {
  readonly #deps: TlsApiDeps;

  constructor(deps: TlsApiDeps) {
    this.#deps = deps;
  }

  async answer(request: AgentRequest): Promise<Reply> {
    const endpoint = endpointOf(request.path);
    if (!endpoint && isCarve(request.path)) return plain('Mayfly does not take carves yet.');
    if (!endpoint)
      return refused('Unknown path. Mayfly serves enroll, config, log, distributed/read, distributed/write.');
    if (request.method !== 'POST' && request.method !== 'PUT') return refused(`${request.method} is not POST`);
    try {
      return await this.#dispatch(endpoint, request);
    } catch (error) {
      this.#deps.report('request_failed', { endpoint, error: traceOf(error) });
      return refused('Temporary trouble: keep your data and come again.', 503);
    }
  }

  /** Who signed a request comes first: nothing of a stranger is inflated, looked up or stored. */
  async #dispatch(endpoint: Endpoint, request: AgentRequest): Promise<Reply> {
    const { body, authorization } = request;
    if (endpoint === 'enroll') return this.#enroll(body);
    const keys = await keysOf(endpoint, request);
    const bearer = await this.#bearerOf(keys);
    if (!bearer) return keys.length > 0 ? nodeInvalid : this.#keyless(body);
    if (endpoint === 'log' || endpoint === 'write') return this.#data(endpoint, bearer, request);
    const read = documentOf(body, boundsOf(endpoint));
    if ('problem' in read) return refused(read.problem);
    if (nodeKeyOf(read.document, authorization) !== bearer.key) return nodeInvalid;
    return endpoint === 'read' ? this.#read(bearer.claim, request.timeLeftMs) : this.#config(bearer.claim);
  }

  async #data(endpoint: 'log' | 'write', bearer: Bearer, request: AgentRequest): Promise<Reply> {
    const { body, authorization } = request;
    const node = await this.#nodeOf(bearer.claim);
    if (!node) return nodeInvalid;
    const read = documentOf(body, boundsOf(endpoint));
    // It will never be readable: acknowledged, or the agent would send it for ever.
    if ('problem' in read) return this.#quarantine(node, endpoint, read.problem, body);
    if (nodeKeyOf(read.document, authorization) !== bearer.key) return nodeInvalid;
    return endpoint === 'log' ? this.#log(node, read.document, request) : this.#write(node, read.document, request);
  }

  /** A request without a key is one of no node; what cannot be read may have been one of a node. */
  #keyless(body: RequestBody): Reply {
    const read = documentOf(body, boundsOf('read'));
    return 'problem' in read ? refused(`no node key was found, and ${read.problem}`) : nodeInvalid;
  }

  /** The first of these keys that we signed. */
  async #bearerOf(keys: readonly string[]): Promise<Bearer | undefined> {
    for (const key of keys) {
      const claim = await this.#claimOf(key);
      if (claim) return { key, claim };
    }
    return undefined;
  }

  async #enroll(body: RequestBody): Promise<Reply> {
    const { enrollSecrets, nodeKeySecret, report } = this.#deps;
    const read = documentOf(body, boundsOf('enroll'));
    if ('problem' in read) return refused(read.problem);
    const request = readEnroll(read.document);
    if (!request) return refused(enrollProblem(read.document));
    const { hostIdentifier, identity } = request.enrollment;
    const secret = await secretNamed(request.secret, enrollSecrets);
    if (secret === undefined) {
      report('enroll_refused', { hostIdentifier: cut(hostIdentifier.replace(/[^\x20-\x7e]/g, '?'), 40) });
      return refused('The enroll secret is not ours.');
    }
    const admission = admit(hostIdentifier, request.proof, this.#trust, this.#deps.now());
    if (admission.kind === 'refused') {
      report('attestation_refused', { hostIdentifier, why: admission.why });
      return refused(`This host did not attest its instance: ${admission.why}.`);
    }
    const policy = await this.#deps.policy();
    const { attested } = admission;
    const outcome = await enroll({ ...request.enrollment, secret, attested }, policy, this.#deps);
    if (outcome.kind === 'ended') {
      report('ended_host_refused', { hostIdentifier });
      return refused('The EC2 instance of this machine was terminated: it enrolls no more.');
    }
    if (outcome.kind === 'revoked') {
      report('revoked_host_refused', { hostIdentifier });
      return refused('This host was revoked by an operator: it enrolls no more.');
    }
    await noteSharing(hostIdentifier, outcome, this.#deps);
    if (outcome.kind === 'refused') {
      report('enroll_unproven', { hostIdentifier, why: outcome.why });
      return refused(outcome.why);
    }
    const { node, twin, fresh, was } = outcome;
    if (was) await this.#leaveName(was, node.host);
    if (admission.issue) await noteUnattested(node.host, admission.issue, this.#deps);
    if (attested && attested !== hostIdentifier) await this.#learnInstance(node.host, attested, true);
    await this.#correctAlias(node.host);
    await this.#list(node, policy); // not only a fresh one: the request that made it may have died before this
    if (twin) report('host_identifier_shared', { hostIdentifier, host: node.host, hostname: identity.hostname });
    if (fresh)
      report('node_enrolled', { host: node.host, hostname: identity.hostname, osquery: identity.osqueryVersion });
    const [signing] = await nodeKeySecret.values();
    if (!signing) throw new Error('there is no node-key secret');
    return enrolled(signNodeKey({ host: node.host, epoch: node.epoch }, signing));
  }

  async #config(claim: NodeClaim): Promise<Reply> {
    const node = await this.#nodeOf(claim);
    if (!node) return nodeInvalid;
    await this.#seen(node);
    return document(agentConfig(this.#profileOf(node, await this.#deps.policy())).json);
  }

  async #read(claim: NodeClaim, timeLeftMs: TimeLeft): Promise<Reply> {
    const { now, report, limits = defaultLimits } = this.#deps;
    const partition = await this.#partitionOf(claim);
    const node = partition?.node;
    if (!partition || !node) return nodeInvalid;
    const nowMs = now();
    await this.#seen(node);
    if (node.contests && (await this.#outlived(node, node.contests))) return nodeInvalid;
    // An idle poll of a cold host needs no policy, and so no read of it.
    const idle = partition.pending.length === 0;
    const { queriesPerDelivery } = idle ? limits : (await this.#deps.policy()).policy.limits;
    const drained = await drain(partition, nowMs, {
      ...this.#deps,
      limits: { ...limits, queriesPerDelivery },
      giveUp: (delivery, given) => giveUp(node, delivery, given, { ...this.#deps, timeLeftMs }),
    });
    const { queries, waiting, longestWaitMs, isMore } = drained;
    const wireIds = queries.map((query) => query.wireId);
    if (queries.length > 0) report('queries_delivered', { host: node.host, wireIds, waiting, longestWaitMs });
    return work(queries, await this.#accelerate(node, isMore ? limits.leaseMs : 0, nowMs));
  }

  /**
   * For how long the agent is to poll every 5 s: what is left of its host's heat, or the lease of what it takes where more
   * waits behind that. Never one that polls as often by itself, as osquery would slow it down (docs/spec/osquery-protocol.md §9.1).
   */
  async #accelerate(node: Node, moreMs: number, nowMs: number): Promise<number | undefined> {
    const seconds = accelerateSeconds({ hotUntilMs: Math.max(node.hotUntilMs, nowMs + moreMs) }, nowMs);
    if (seconds === undefined) return undefined;
    return (await this.#intervalSecondsOf(node)) > HOT_INTERVAL_SECONDS ? seconds : undefined;
  }

  async #write(node: Node, body: unknown, { body: bytes, timeLeftMs }: AgentRequest): Promise<Reply> {
    const { registry, now, report } = this.#deps;
    const answers = readAnswers(body);
    if (!answers) return this.#quarantine(node, 'write', 'no readable queries', bytes);
    const done = await handleAnswers(node, answers, {
      ...this.#deps,
      timeLeftMs,
      learnConfig: (host, hash) => this.#deps.directory.recordConfigHash(host, hash),
      poller: async () => pollerOf(node, (await this.#deps.policy()).policy.profiles, now()),
      learnInstance: (host, instance) => this.#hearInstance(node, host, instance),
      seesContainers: () => registry.recordDockerAccess(node.host, now()),
      otherHostOf: (name) => otherHostOf(name, node.host, this.#deps),
    });
    // Ids come from the network, after an outage by the thousand: some of them, and cut, will do.
    const wireIds = answers.slice(0, 10).map((answer) => cut(answer.wireId, 64));
    report('answers_stored', { host: node.host, answers: answers.length, wireIds, done });
    if (!done) return refused('Not all of these results are stored yet: keep them and come again.', 503);
    // Last: a copy that comes before this ends does the same again, under the same id.
    for (const part of unreadableRows(body))
      await this.#quarantine(node, 'write', 'rows are no list of objects', RequestBody.of(Buffer.from(part)));
    return accepted;
  }

  async #log(node: Node, body: unknown, { body: bytes, timeLeftMs }: AgentRequest): Promise<Reply> {
    const batch = readLog(body);
    if (!batch) return this.#quarantine(node, 'log', 'no readable data', bytes);
    if (batch.lines.length > MAX_LOG_LINES)
      return this.#quarantine(node, 'log', `more than ${MAX_LOG_LINES} lines`, bytes);
    const done = await storeLog(node, batch, timeLeftMs, this.#deps);
    return done ? accepted : refused('A part is stored: send all of it again, the rest is stored then.', 503);
  }

  async #quarantine(node: Node, endpoint: string, reason: string, bytes: RequestBody): Promise<Reply> {
    const { sink, now, report } = this.#deps;
    const bodyBase64 = (await bytes.keepsake()).toString('base64');
    const id = lineId(node.host, endpoint, bodyBase64);
    await sink.quarantine([
      {
        id,
        kind: 'quarantine',
        time: new Date(now()).toISOString(),
        storedAtMs: now(),
        host: node.host,
        endpoint,
        reason,
        bodyBase64,
      },
    ]);
    report('body_quarantined', { host: node.host, endpoint, reason, bytes: bytes.size });
    return accepted;
  }

  /** What a key says, once its signature holds; costs no call unless the signing secret may have been rotated. */
  async #claimOf(key: string): Promise<NodeClaim | undefined> {
    const { nodeKeySecret } = this.#deps;
    if (!key.startsWith('mf1.')) return undefined;
    return readNodeKey(key, await nodeKeySecret.values()) ?? readNodeKey(key, await nodeKeySecret.refreshed());
  }

  // An eventually consistent read may miss an enrollment of a moment ago, and "invalid" makes the agent throw its key
  // away: so it is said only after a consistent read.
  async #nodeOf({ host, epoch }: NodeClaim): Promise<Node | undefined> {
    const { registry } = this.#deps;
    const node = await registry.find(host);
    if (this.#opens(node, epoch)) return node;
    const sure = await registry.find(host, true);
    return this.#opens(sure, epoch) ? sure : undefined;
  }

  async #partitionOf({ host, epoch }: NodeClaim): Promise<HostPartition | undefined> {
    const { queue } = this.#deps;
    const partition = await queue.read(host);
    if (this.#opens(partition.node, epoch)) return partition;
    const sure = await queue.read(host, true);
    return this.#opens(sure.node, epoch) ? sure : undefined;
  }

  async #seen(node: Node): Promise<void> {
    const nowMs = this.#deps.now();
    if (nowMs - node.lastSeenMs < SEEN_EVERY_MS && !isContested(node)) return;
    await this.#deps.registry.recordPoll(node.host, nowMs);
    const identifier = identifierOf(node.host);
    if (identifier !== node.host) await noteTwin(identifier, node, this.#deps);
    if (this.#trust.mode !== 'off' && looksLikeInstance(identifier) && !node.attested)
      await noteUnattested(node.host, 'it enrolled without an instance identity document', this.#deps);
    await this.#correctAlias(node.host);
    await this.#list({ ...node, lastSeenMs: nowMs }, await this.#deps.policy());
  }

  /**
   * Whether the agent whose identifier this one came with is gone: then this one enrolls again, and gets the identifier. The
   * first of them to be seen ends the question.
   */
  async #outlived(node: Node, holderHost: string): Promise<boolean> {
    const { registry, now } = this.#deps;
    const nowMs = now();
    if (nowMs - node.enrolledAtMs < contestMsOf(await this.#intervalSecondsOf(node))) return false;
    const holder = await registry.find(holderHost, true);
    if (!lives(holder, nowMs)) return true;
    if (!isContested(holder)) await registry.renewTwin(node.host);
    return isLost(holder, contestMsOf(await this.#intervalSecondsOf(holder)), nowMs);
  }

  /** An agent's own word about its instance counts only where documents are not required. */
  async #hearInstance(node: Node, host: string, instance: string): Promise<void> {
    if (node.attested) return; // its document said so
    const { mode } = this.#trust;
    if (mode !== 'off') await noteUnattested(host, `it says that it is ${instance}, without a document`, this.#deps);
    if (mode !== 'required') await this.#learnInstance(host, instance, false);
  }

  async #learnInstance(host: string, instance: string, attested: boolean): Promise<void> {
    const contested = (contest: Contest): Promise<void> => noteContest(contest, this.#deps);
    const outcome = await learnInstance(host, instance, { ...this.#deps, contested }, attested);
    this.#deps.report('instance_named', { host, instance, outcome });
  }

  /** Whether a key of this epoch opens the node now, and the node may have its name. */
  #opens(node: Node | undefined, epoch: number): node is Node {
    return accepts(node, epoch, this.#deps.now()) && node !== undefined && isAdmitted(node, this.#trust);
  }

  get #trust(): Trust {
    return this.#deps.attestation ?? NO_TRUST;
  }

  /** A host that lives is asked under its own name: an alias of it may send its questions elsewhere. */
  async #correctAlias(host: string): Promise<void> {
    if (await this.#deps.aliases.find(host)) await resolveHost(host, this.#deps);
  }

  /** An agent has another name now: under the one before nothing finds it any more. */
  async #leaveName(was: string, host: string): Promise<void> {
    const { aliases, directory, registry, now } = this.#deps;
    const instanceId = (await registry.find(was, true))?.instanceId;
    const alias = instanceId === undefined ? undefined : await aliases.find(instanceId, true);
    if (instanceId !== undefined && alias?.host === was) await aliases.learn(instanceId, host, now(), alias.source);
    await directory.remove(was);
  }

  /** Keeps the node in the directory, where selectors find it. */
  async #list(node: Node, policy: CompiledPolicy): Promise<void> {
    const { name } = this.#profileOf(node, policy);
    await this.#deps.directory.record(entryOf(node, name), this.#deps.now() + NODE_TTL_MS);
  }

  async #intervalSecondsOf(node: Node): Promise<number> {
    return intervalSecondsOf(this.#profileOf(node, await this.#deps.policy()));
  }

  #profileOf(node: Node, { policy }: CompiledPolicy): Profile {
    const facts = factsOf(node, this.#deps.now());
    return profileFor(policy.profiles, facts);
  }
}
