import { OutOfBudget, type SharedBucket, type Spend } from '../../core/reconcile/spend.ts';

/** Makes one call of an AWS API, named as IAM names it. */
export type Call = <T extends { readonly $metadata: { readonly attempts?: number | undefined } }>(
  api: string,
  send: () => Promise<T>,
) => Promise<T>;

export const unmetered: Call = (_api, send) => send();

/** The throttling errors of ECS and EC2. @see "Request throttling" in the API reference of each */
const THROTTLED = new Set(['ThrottlingException', 'RequestLimitExceeded']);

/**
 * Counts the calls of a sweep, including the SDK's retries. A throttled call is the sweep's last one from that bucket.
 *
 * @param from the token bucket that all tools of the account share for this API, if there is one
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
