import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type LocalQueue, LocalQueue as Queue } from '../../../workbench/local-aws/events/queues.ts';
import { LocalSecrets } from '../../../workbench/local-aws/services/secrets.ts';
import { sqsService, urlOf } from '../../../workbench/local-aws/services/sqs.ts';
import { folderOf, mayfly } from '../../support/command.ts';
import { aTable } from '../../support/dynamodb.ts';
import { TableWorld } from '../../support/table-world.ts';
import { serve } from '../../workbench/local-aws/serve.ts';
import { notices, VirtualClock } from '../../workbench/local-aws/support.ts';

const DEAD_ARN = 'arn:aws:sqs:us-east-1:0:dead';
/** The logical id of each queue. */
const QUEUES = {
  queue: 'MayflyEcsTaskStateQueue1F8A90D1',
  other: 'MayflyFindingQueue1F8A90D2',
  dead: 'MayflyDeadLetters0CE4A6AD',
};
const SECRETS = ['EnrollSecret', 'NamedSecretArnweb', 'NodeKeySecret'];

/** A local Mayfly with a table, secrets, one queue with its dead-letter queue, and logs. */
export async function aMayflyWithQueues({ url = 'https://localhost:1', certificate = 'none', isShared = false } = {}) {
  const world = new TableWorld(await aTable());
  const data = await folderOf({ 'logs/tls-api.log': '' });
  const queueAt = (name: string, redrivePolicy?: string): Promise<LocalQueue> =>
    Queue.open(
      join(data, `${name}.journal`),
      { name, arn: name === 'dead' ? DEAD_ARN : name, visibilityTimeoutMs: 60_000, retentionMs: 1e12, redrivePolicy },
      new VirtualClock(),
      notices().notify,
    );
  const queue = await queueAt('queue', JSON.stringify({ deadLetterTargetArn: DEAD_ARN, maxReceiveCount: 5 }));
  const other = await queueAt('other', isShared ? queue.config.redrivePolicy : undefined);
  const dead = await queueAt('dead');
  const secrets = new LocalSecrets(
    SECRETS.map((name) => ({
      ...{ logicalId: name, type: 'x', name, arn: `arn:of:${name}` },
      properties: { GenerateSecretString: { PasswordLength: 48, ExcludePunctuation: true } },
    })),
    join(data, 'secrets'),
  );
  await secrets.create();
  const served = await serve({ json: { AmazonSQS: sqsService([queue, other, dead]), secretsmanager: secrets.answer } });
  const output = (OutputKey: string, OutputValue: string, Description = '') => ({
    OutputKey: `Mayfly${OutputKey}`,
    OutputValue,
    Description,
  });
  const stack = {
    outputs: [
      ...['BusName', 'ResultsBucket', 'Hostname'].map((key) => output(key, 'x')),
      output('TableName', world.table.name),
      output('EnrollSecretArn', 'arn:of:EnrollSecret'),
      output('NamedSecretArnweb', 'arn:of:NamedSecretArnweb', "The enroll secret 'web'"),
      output('NodeKeySecretArn', 'arn:of:NodeKeySecret'),
    ],
    resources: [
      ...Object.entries(QUEUES).map(([name, logicalId]) => ({
        logicalId,
        type: 'AWS::SQS::Queue',
        physicalId: urlOf(served.url, name),
      })),
      {
        logicalId: 'MayflyTlsApiLogsFFD96C22',
        type: 'AWS::Logs::LogGroup',
        physicalId: join(data, 'logs/tls-api.log'),
      },
    ],
  };
  const ready = {
    ...{ dynamodb: process.env.TEST_DYNAMODB_ENDPOINT, tableName: world.table.name },
    ...{ events: served.url, credentials: served.credentials, url, certificate, stack },
  };
  // The table of the tests accepts any credentials, and the services only those of the run.
  writeFileSync(join(data, 'ready.json'), JSON.stringify(ready));
  mkdirSync(join(data, 'logs'), { recursive: true });
  const sqs = served.client(SQSClient);
  return {
    ...{ world, data, queue, other, dead, secrets },
    bury: async (body: object): Promise<string> => {
      const sent = { QueueUrl: urlOf(served.url, 'dead'), MessageBody: JSON.stringify(body) };
      return (await sqs.send(new SendMessageCommand(sent))).MessageId ?? '';
    },
    log: (...lines: object[]): void =>
      writeFileSync(join(data, 'logs/tls-api.log'), `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`, {
        flag: 'a',
      }),
    ask: (...args: string[]) => mayfly(...args, '--data', data),
    close: () => served.close(),
  };
}
