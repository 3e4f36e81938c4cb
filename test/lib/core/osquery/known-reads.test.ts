import { beforeEach, describe, expect, it } from '@jest/globals';
import { signNodeKey } from '../../../../lib/core/nodes/node-key.ts';
import { KnownReads } from '../../../../lib/core/osquery/known-reads.ts';
import { nodeInvalid } from '../../../../lib/core/osquery/replies.ts';
import { RequestBody } from '../../../../lib/core/osquery/request-body.ts';

const claim = { host: 'h1', epoch: 7 };
const KEY = signNodeKey(claim, 'signs');
const BODY = JSON.stringify({ node_key: KEY });

let secrets: readonly string[];
let reads: KnownReads;
beforeEach(() => {
  secrets = ['signs'];
  reads = new KnownReads();
});

/** Checks a read. @returns the claim or refusal, and whether its body was parsed */
async function check(text: string, authorization?: string) {
  const body = RequestBody.of(Buffer.from(text));
  const values = async () => secrets;
  const claimed = await reads.claimIn({ body, authorization }, { nodeKeySecret: { values, refreshed: values } });
  return { ...claimed, isParsed: body.work.parsedBytes > 0 };
}

describe('the same read again', () => {
  it('is not parsed again', async () => {
    expect(await check(BODY)).toEqual({ claim, isParsed: true });
    expect(await check(BODY)).toEqual({ claim, isParsed: false });
  });

  it('is checked in full after a rotation, and refused once its secret is gone', async () => {
    await check(BODY);
    secrets = ['newer', 'signs'];
    expect(await check(BODY)).toEqual({ claim, isParsed: true });
    secrets = ['newest', 'newer'];
    expect(await check(BODY)).toEqual({ refusal: nodeInvalid, isParsed: false });
  });

  it('is checked in full if a secret was rotated while it was checked for the first time', async () => {
    const first = check(BODY);
    secrets = ['newer'];
    await first;
    expect(await check(BODY)).toEqual({ refusal: nodeInvalid, isParsed: false });
  });

  it('is refused again if its key has no valid signature', async () => {
    const forged = JSON.stringify({ node_key: signNodeKey(claim, 'guessed') });
    for (let n = 0; n < 2; n++) expect(await check(forged)).toMatchObject({ refusal: nodeInvalid });
  });
});

describe('another read', () => {
  it('is checked in full, however little it differs', async () => {
    await check(BODY);
    expect(await check(`${BODY} `)).toEqual({ claim, isParsed: true });
    expect(await check(BODY, 'NodeKey mf1.other')).toMatchObject({ refusal: nodeInvalid });
    expect(await check(`${BODY}x`)).toMatchObject({ refusal: { status: 200 } });
  });

  it('does not pass a header in its body', async () => {
    await check('{}', `NodeKey ${KEY}`);
    expect(await check(`NodeKey ${KEY}\n{}`)).toMatchObject({ refusal: { status: 200 } });
  });
});

describe('memory', () => {
  it('is bounded: long reads are not remembered', async () => {
    const long = BODY.padEnd(1_024);
    await check(long);
    expect(await check(long)).toEqual({ claim, isParsed: true });
  });

  it('is bounded: of more than 20,000 reads the oldest are forgotten', async () => {
    for (let n = 0; n <= 20_000; n++) await check(`${BODY}${' '.repeat(n % 200)}${'\n'.repeat(n / 200)}`);
    expect(await check(`${BODY} `)).toMatchObject({ isParsed: false });
    expect(await check(BODY)).toMatchObject({ isParsed: true });
  });
});
