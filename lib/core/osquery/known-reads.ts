import type { NodeClaim } from '../nodes/node-key.ts';
import type { RotatingSecret } from '../nodes/rotating-secret.ts';
import { claimIn } from './admission.ts';
import type { AgentRequest } from './agent-request.ts';

/** Longer requests are not remembered: a real one is its node key and little else. */
const MAX_CHARACTERS = 1_024;
/** As many agents as one process serves. Beyond that the oldest request is forgotten, so memory is bounded. */
const MAX_REQUESTS = 20_000;

interface Deps {
  readonly nodeKeySecret: RotatingSecret;
}

/**
 * Checks the keys of distributed reads, and remembers the requests whose key has a valid signature: an agent sends the same bytes
 * every few seconds. Header, body and signing secrets alone decide about a signature, so nothing that is remembered can become
 * wrong before a secret is rotated. Whether the node still lives is another question, which the table answers.
 */
export class KnownReads {
  #secrets: readonly string[] = [];
  #claims = new Map<string, NodeClaim>();

  /** Like `claimIn`. */
  async claimIn(request: Pick<AgentRequest, 'authorization' | 'body'>, deps: Deps): ReturnType<typeof claimIn> {
    const claims = this.#claimsUnder(await deps.nodeKeySecret.values());
    const { authorization = '', body } = request;
    // A large body is not even copied before its key is checked.
    if (authorization.length + body.text.length >= MAX_CHARACTERS) return claimIn('read', request, deps);
    const text = `${authorization}\n${body.text}`; // a header has no line break
    const claim = claims.get(text);
    if (claim) return { claim };
    const claimed = await claimIn('read', request, deps);
    if ('claim' in claimed) remember(claims, text, claimed.claim);
    return claimed;
  }

  /** What is known under these secrets. Checks that began before a rotation end in the map of the earlier secrets. */
  #claimsUnder(secrets: readonly string[]): Map<string, NodeClaim> {
    const areSame = secrets.length === this.#secrets.length && secrets.every((one, n) => one === this.#secrets[n]);
    if (!areSame) {
      this.#secrets = secrets;
      this.#claims = new Map();
    }
    return this.#claims;
  }
}

function remember(claims: Map<string, NodeClaim>, text: string, claim: NodeClaim): void {
  const [oldest] = claims.keys();
  if (oldest !== undefined && claims.size >= MAX_REQUESTS) claims.delete(oldest);
  claims.set(text, claim);
}
