import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { RotatingSecret } from '../core/nodes/rotating-secret.ts';

// A rotation takes effect within a minute (docs/runbook.md, "Revoke a host or a secret").
const REFRESH_MS = 50_000;
const STALE_MS = 60 * 60_000;
const RETRY_MS = 30_000; // requests with a wrong secret must not cost a call each

/**
 * A secret in Secrets Manager: a plain string with the stages AWSCURRENT and AWSPREVIOUS. A TTL cache does not fit: one
 * value has three ages (refresh, retry, outage), and which applies depends on the question.
 */
export class AwsSecret implements RotatingSecret {
  readonly #arn: string;
  readonly #now: () => number;
  readonly #client: SecretsManagerClient;
  #cached: { readonly values: Promise<readonly string[]>; readonly atMs: number } | undefined;

  constructor(arn: string, now: () => number, client: SecretsManagerClient = new SecretsManagerClient({})) {
    this.#arn = arn;
    this.#now = now;
    this.#client = client;
  }

  values(): Promise<readonly string[]> {
    return this.#noOlderThan(REFRESH_MS, true);
  }

  refreshed(): Promise<readonly string[]> {
    // Bypasses the longer cache: a key is rejected only after a fresh read of the secret.
    return this.#noOlderThan(RETRY_MS, false);
  }

  #noOlderThan(ms: number, orHeld: boolean): Promise<readonly string[]> {
    const before = this.#cached;
    if (before && this.#now() - before.atMs < ms) return before.values;
    const values = this.#fetch();
    const fetched = { values, atMs: this.#now() };
    this.#cached = fetched;
    // A failed fetch is not kept: the next request tries again. Until then the last values stay valid, for at most
    // STALE_MS: a secret that is rotated during an outage of Secrets Manager is accepted that long.
    const held = before && this.#now() - before.atMs < STALE_MS ? before : undefined;
    values.catch(() => {
      if (this.#cached === fetched) this.#cached = held;
    });
    return held && orHeld ? values.catch(() => held.values) : values;
  }

  async #fetch(): Promise<readonly string[]> {
    const [current, previous] = await Promise.all([this.#stage('AWSCURRENT'), this.#stage('AWSPREVIOUS')]);
    // Without it every node key would count as invalid.
    if (!current) throw new Error(`${this.#arn} has no current value`);
    return previous ? [current, previous] : [current];
  }

  async #stage(stage: string): Promise<string | undefined> {
    try {
      const command = new GetSecretValueCommand({ SecretId: this.#arn, VersionStage: stage });
      return (await this.#client.send(command)).SecretString;
    } catch (error) {
      // Before the first rotation there is no previous value.
      if (error instanceof ResourceNotFoundException && stage === 'AWSPREVIOUS') return undefined;
      throw error;
    }
  }
}
