import type { CampaignEvent } from '../campaigns/campaign-event.ts';
import type { InstanceEnd } from './end-instance.ts';
import type { Fields } from './fields.ts';
import type { InstanceNotice } from './handle-last-gasp.ts';
import type { LaunchEvent } from './handle-launch.ts';
import type { AnyEvent } from './handle-rules.ts';
import type { TaskEvent } from './task.ts';

/** A parsed event, tagged by how Mayfly handles it. */
export type ParsedEvent =
  | { readonly kind: 'task'; readonly event: TaskEvent }
  | {
      readonly kind: 'container-instance';
      readonly arn: string;
      readonly instance: string | undefined;
      readonly event: AnyEvent;
    }
  | { readonly kind: 'launch'; readonly event: LaunchEvent }
  /** An instance will be interrupted or terminated. */
  | { readonly kind: 'notice'; readonly event: InstanceNotice }
  /** An instance was terminated. */
  | { readonly kind: 'end'; readonly event: InstanceEnd }
  /** A person asks hosts, or withdraws the question. */
  | { readonly kind: 'campaign'; readonly event: CampaignEvent }
  /** Any other event; only the policy's rules apply. */
  | { readonly kind: 'other'; readonly event: AnyEvent }
  | Ignored
  | Malformed;

/** An event that needs no action. */
export interface Ignored {
  readonly kind: 'ignored';
  readonly eventId: string;
  readonly why: string;
}

/** An event without a required field. Retrying cannot help, so it is not retried. */
export interface Malformed {
  readonly kind: 'malformed';
  /** The wrong path, and the workload if known. */
  readonly why: string;
}

/** EventBridge's envelope. */
export interface Envelope {
  readonly id: string;
  /** Source and detail type. */
  readonly type: string;
  readonly account: string; // '' if missing, as for `region`
  readonly region: string;
  readonly occurredAtMs: number;
  readonly resources: readonly string[];
  readonly detail: Fields;
}
