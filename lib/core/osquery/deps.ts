import type { Trust } from '../attest/trust.ts';
import type { Campaigns } from '../campaigns/campaign.ts';
import type { FleetIssues } from '../fleet/fleet-issue.ts';
import type { HeldReads } from '../front/held-reads.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { NodeDirectory } from '../nodes/directory.ts';
import type { Aliases, NodeRegistry, NodeState } from '../nodes/registry.ts';
import type { RotatingSecret } from '../nodes/rotating-secret.ts';
import type { LONG_POLL_SECONDS } from '../policy/agent-config.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import type { FanOuts } from '../queue/fan-out.ts';
import type { HostQueue } from '../queue/host-queue.ts';
import type { DrainLimits } from '../queue/plan-drain.ts';
import type { Report } from '../reports/report.ts';
import type { ResultSink } from '../results/lines.ts';
import type { StoredAnswers } from '../results/stored-answers.ts';
import type { StoredLogs } from '../results/stored-logs.ts';
import type { Reply } from './replies.ts';

/** The long-poll front: agents poll without pause, and their empty reads are held. */
export interface LongPoll {
  readonly reads: HeldReads<Reply>;
  /** The `distributed_interval` of all agents, in place of that of their profiles. */
  readonly intervalSeconds: (typeof LONG_POLL_SECONDS)[number];
}

/** What the TLS API reads and writes. */
export interface TlsApiDeps {
  readonly queue: HostQueue;
  readonly registry: NodeRegistry & NodeState;
  readonly aliases: Aliases;
  readonly ledger: Ledger;
  readonly storedAnswers: StoredAnswers;
  readonly sink: ResultSink;
  readonly storedLogs: StoredLogs;
  readonly fleetIssues: FleetIssues;
  /** Which instance identity documents are accepted. @default NO_TRUST */
  readonly attestation?: Trust;
  /** Enroll secrets by name; one is called `default`. */
  readonly enrollSecrets: ReadonlyMap<string, RotatingSecret>;
  readonly nodeKeySecret: RotatingSecret;
  readonly policy: LivePolicy;
  readonly directory: NodeDirectory;
  readonly fanOuts: FanOuts;
  readonly campaigns: Campaigns;
  /** How deliveries are leased; the policy sets how many queries one holds. @default defaultLimits */
  readonly limits?: DrainLimits;
  /** How often the reconciler sweeps, ms. */
  readonly sweepEveryMs: number;
  /** Holds empty reads. @default - each read is answered at once */
  readonly longPoll?: LongPoll;
  readonly now: () => number; // epoch ms
  readonly report: Report;
}
