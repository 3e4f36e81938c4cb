import type { InstanceEnd } from './end-instance.ts';
import type { Fields } from './fields.ts';
import type { InstanceNotice } from './handle-last-gasp.ts';
import type { LaunchEvent } from './handle-launch.ts';
import type { AnyEvent } from './handle-rules.ts';
import type { TaskEvent } from './task.ts';

/** An event as one of the things we act on. */
export type ParsedEvent =
  | { readonly kind: 'task'; readonly event: TaskEvent }
  | {
      readonly kind: 'container-instance';
      readonly arn: string;
      readonly instance: string | undefined;
      readonly event: AnyEvent;
    }
  | { readonly kind: 'launch'; readonly event: LaunchEvent }
  /** An instance will be taken away. */
  | { readonly kind: 'notice'; readonly event: InstanceNotice }
  /** An instance was terminated. */
  | { readonly kind: 'end'; readonly event: InstanceEnd }
  /** Of another source, for the policy's rules alone. */
  | { readonly kind: 'other'; readonly event: AnyEvent }
  | Ignored
  | Malformed;

/** An event that calls for nothing. */
export interface Ignored {
  readonly kind: 'ignored';
  readonly eventId: string;
  readonly why: string;
}

/** What lacks something without which nothing can be done. It never gets it, so it is not tried again. */
export interface Malformed {
  readonly kind: 'malformed';
  /** The path that is wrong, and what the event is about where that is known. */
  readonly why: string;
}

/** EventBridge's envelope. */
export interface Envelope {
  readonly id: string;
  /** Source and detail type. */
  readonly type: string;
  readonly account: string; // '' where it does not say, as for the Region
  readonly region: string;
  readonly occurredAtMs: number;
  readonly resources: readonly string[];
  readonly detail: Fields;
}
