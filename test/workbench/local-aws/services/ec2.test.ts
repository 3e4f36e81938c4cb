import {
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  DescribeInstancesResult$,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { signedHeaders } from '../../../../workbench/local-aws/access/credentials.ts';
import type { AwsApi } from '../../../../workbench/local-aws/services/aws-world.ts';
import { EC2_VERSION, ec2Service } from '../../../../workbench/local-aws/services/ec2.ts';
import { anyText } from '../../../support/any-text.ts';
import { type Served, serve } from '../serve.ts';

let api: AwsApi | undefined;
let server: Served;
beforeAll(async () => {
  const { answer, refusal } = ec2Service((...call) => (api ?? (async () => undefined))(...call));
  server = await serve({ query: { [EC2_VERSION]: { answer, refusal } } });
});
afterAll(() => server.close());

const describeInstances = (input: DescribeInstancesCommandInput = {}) =>
  server.client(EC2Client).send(new DescribeInstancesCommand(input));
const failing = (error: Error): AwsApi => {
  return async () => {
    throw error;
  };
};

describe('EC2', () => {
  it.each<[string, DescribeInstancesCommandInput]>([
    ['nothing', {}],
    ['ids', { InstanceIds: ['i-1', 'i-2'] }],
    [
      'filters and a page',
      {
        Filters: [
          { Name: 'instance-state-name', Values: ['running', 'stopping'] },
          { Name: 'tag:a&b=c', Values: ['ü +%'] },
        ],
        MaxResults: 50,
        NextToken: 'a/b+c==',
      },
    ],
    ['managed instances too', { IncludeManagedResources: true }],
    ['managed instances not', { IncludeManagedResources: false }],
    ['more than nine ids', { InstanceIds: Array.from({ length: 12 }, (_, n) => `i-${n}`) }],
  ])('passes the request of the SDK on to the simulated account: %s', async (_, input) => {
    const asked: unknown[] = [];
    api = async (...call) => {
      asked.push(call);
      return { Reservations: [] };
    };
    await describeInstances(input);
    expect(asked).toEqual([['DescribeInstances', input]]);
  });

  it('returns every member that an instance can have, under the name that the SDK reads', async () => {
    const answer = sample(DescribeInstancesResult$);
    api = async () => answer;
    const { $metadata, ...received } = await describeInstances();
    expect(received).toEqual(answer);
    expect(JSON.stringify(answer)).toContain('SecondaryInterfaces'); // the sample is not empty
  });

  it('returns every character of a text', async () => {
    const text = anyText().filter((value) => value.trim() === value && value !== '');
    await fc.assert(
      fc.asyncProperty(text, async (Value) => {
        api = async () => ({ Reservations: [{ Instances: [{ Tags: [{ Key: 'k', Value }] }] }] });
        const { Reservations } = await describeInstances();
        expect(Reservations?.[0]?.Instances?.[0]?.Tags).toEqual([{ Key: 'k', Value: withoutForbidden(Value) }]);
      }),
      { numRuns: 200, examples: [['a\rb'], ['a\r\n\tb'], ['&lt;&#13;'], [']]>'], ['<!--'], ['\ud800x\0y']] },
    );
  });

  it('has no instances without an account', async () => {
    const empty = await serve({ query: { [EC2_VERSION]: ec2Service() } });
    expect((await empty.client(EC2Client).send(new DescribeInstancesCommand({}))).Reservations).toEqual([]);
    await empty.close();
  });

  it.each<[string, number | undefined, number]>([
    ['InvalidInstanceID.NotFound', undefined, 400],
    ['RequestLimitExceeded', 503, 503],
  ])('returns the error %s with its message', async (name, statusCode, httpStatusCode) => {
    api = failing(Object.assign(new Error('no <i-1> & no "i-2"'), { name }, statusCode ? { statusCode } : {}));
    await expect(describeInstances()).rejects.toMatchObject({
      name,
      message: 'no <i-1> & no "i-2"',
      $metadata: { httpStatusCode, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
  });

  it('treats any other error as a failure of the service', async () => {
    api = failing(new TypeError('a bug'));
    await expect(describeInstances()).rejects.toMatchObject({
      name: 'InternalFailure',
      message: 'a bug',
      $metadata: { httpStatusCode: 500 },
    });
  });

  it('names an operation that it does not implement', async () => {
    await expect(server.client(EC2Client).send(new DescribeVpcsCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: 'ec2 DescribeVpcs is not implemented locally',
    });
    await expect(describeInstances({ DryRun: true })).rejects.toMatchObject({
      name: 'UnknownParameter',
      message: 'The parameter DryRun is not recognized',
    });
  });

  it.each<[string, string]>([
    ['Action=DescribeInstances&Version=2011-01-01', '<ErrorResponse><Error><Type>Sender</Type>'],
    ['Action=DescribeInstances', '<ErrorResponse><Error><Type>Sender</Type>'],
    ['Version=2016-11-15&Version=2016-11-15', '<ErrorResponse><Error><Type>Sender</Type>'],
    ['Action=DescribeInstances&Version=2016-11-15&Filter=x', '<Response><Errors><Error>'],
    ['Action=DescribeInstances&Version=2016-11-15&InstanceId.Name=x', '<Response><Errors><Error>'],
  ])('rejects the form %s with an XML error, as the protocol does', async (body, begin) => {
    const headers = {
      ...(await signedHeaders(new URL(server.url), body, server.credentials)),
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    };
    const response = await fetch(server.url, { method: 'POST', headers, body });
    const xml = await response.text();
    expect([response.status, response.headers.get('content-type'), xml.slice(0, begin.length)]).toEqual([
      400,
      'text/xml',
      begin,
    ]);
    expect(xml).toMatch(/<Code>\w+<\/Code><Message>.+<\/Message><\/Error>/);
  });
});

/** A value with every member of an SDK schema. A schema is a number, a list that begins with its kind, or a function that returns one. */
function sample(schema: unknown): unknown {
  if (typeof schema === 'function') return sample(schema());
  if (typeof schema === 'number') return schema >= 64 ? [sample(schema - 64)] : SIMPLE[schema];
  if (!Array.isArray(schema)) throw new Error(`no schema: ${schema}`);
  if (schema.length === 2) return sample(schema[0]); // with traits
  const [kind, , , , content, members] = schema;
  if (kind === 3) return Object.fromEntries(content.map((name: string, i: number) => [name, sample(members[i])]));
  if (kind === 1) return [sample(content), sample(content)];
  return sample(content);
}
const SIMPLE: Readonly<Record<number, unknown>> = { 0: 'a <text>', 1: 7, 2: true, 4: new Date('2026-11-22T12:00:00Z') };

/** Replaces characters that XML cannot contain. */
const withoutForbidden = (text: string) =>
  [...text].map((c) => (isForbidden(c.codePointAt(0) ?? 0) ? '\ufffd' : c)).join('');
const isForbidden = (code: number) =>
  (code < 0x20 && ![9, 10, 13].includes(code)) ||
  (code >= 0xd800 && code <= 0xdfff) ||
  code === 0xfffe ||
  code === 0xffff;
