import { OutOfBudget, type Spend } from '../core/reconcile/spend.ts';

/** Makes one call of an AWS API, named as IAM names it. */
export type Call = <T extends { readonly $metadata: { readonly attempts?: number | undefined } }>(
  api: string,
  send: () => Promise<T>,
) => Promise<T>;

export const unmetered: Call = (_api, send) => send();

/** "Too many", in the words of ECS and of EC2. @see "Request throttling" in the API reference of each */
const THROTTLED = new Set(['ThrottlingException', 'RequestLimitExceeded']);

/**
 * Calls that a sweep accounts for, the SDK's own retries included. One that is throttled ends the sweep.
 *
 * @param shared whether they come out of the bucket that all tools of the account share: then each waits for its turn
 */
export const metered =
  (spend: Spend, shared: boolean): Call =>
  async (api, send) => {
    if (shared) await spend.take();
    try {
      const output = await send();
      spend.count(api, output.$metadata.attempts ?? 1, shared);
      return output;
    } catch (error) {
      const { name, $metadata } = Object(error) as { name?: string; $metadata?: { attempts?: number } };
      spend.count(api, $metadata?.attempts ?? 1, shared);
      if (!THROTTLED.has(name ?? '')) throw error;
      if (shared) spend.refused();
      throw new OutOfBudget(`${api} was throttled`, { cause: error });
    }
  };
