import { OutOfBudget, type SharedBucket, type Spend } from '../core/reconcile/spend.ts';

/** Makes one call of an AWS API, named as IAM names it. */
export type Call = <T extends { readonly $metadata: { readonly attempts?: number | undefined } }>(
  api: string,
  send: () => Promise<T>,
) => Promise<T>;

export const unmetered: Call = (_api, send) => send();

/** "Too many", in the words of ECS and of EC2. @see "Request throttling" in the API reference of each */
const THROTTLED = new Set(['ThrottlingException', 'RequestLimitExceeded']);

/**
 * Calls that a sweep accounts for, the SDK's own retries included. One that is throttled is the sweep's last of its kind.
 *
 * @param from the bucket, shared by all tools of the account, that they come out of, if they come out of one
 */
export const metered =
  (spend: Spend, from?: SharedBucket): Call =>
  async (api, send) => {
    if (from) await spend.take(from);
    try {
      const output = await send();
      spend.count(api, output.$metadata.attempts ?? 1, from);
      return output;
    } catch (error) {
      const { name, $metadata } = Object(error) as { name?: string; $metadata?: { attempts?: number } };
      spend.count(api, $metadata?.attempts ?? 1, from);
      if (!THROTTLED.has(name ?? '')) throw error;
      if (from) spend.refused(from);
      throw new OutOfBudget(`${api} was throttled`, { cause: error });
    }
  };
