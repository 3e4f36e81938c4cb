import { credentialsOf, type RunCredentials } from './access/credentials.ts';
import type { ResourceNames } from './access/demands.ts';
import { Permissions, permissionsOf } from './access/permissions.ts';
import type { Caller, Callers } from './aws-server.ts';
import { FRONT, taskOf } from './service.ts';
import type { Assembly } from './template/assembly.ts';
import type { Resource } from './template/template.ts';

/** The operator's own programs, which may do everything. */
export const theOperator = (credentials: RunCredentials): Callers => ({
  known: new Map([[credentials.accessKeyId, { credentials }]]),
  names: { arnOf: () => undefined, hashKeys: { table: '', indexes: {} } },
});

/** The operator's programs, and each function and the service of the template with the permissions of its role. */
export function callersOf({ resources }: Assembly, credentials: RunCredentials): Callers {
  const ofRoles = permissionsOf(resources);
  const callerAs = (name: string, roleArn: unknown): [string, Caller] => {
    const role = String(roleArn).split('/').at(-1) ?? '';
    const own = credentialsOf(credentials, name);
    return [own.accessKeyId, { credentials: own, permissions: ofRoles.get(role) ?? new Permissions([]) }];
  };
  const functions = resources
    .filter(({ type }) => type === 'AWS::Lambda::Function')
    .map(({ name, properties }) => callerAs(name, properties.Role));
  const task = taskOf(resources);
  const service = task ? [callerAs(FRONT, task.properties.TaskRoleArn)] : [];
  return { known: new Map([...theOperator(credentials).known, ...functions, ...service]), names: namesOf(resources) };
}

function namesOf(resources: readonly Resource[]): ResourceNames {
  const arns = new Map(resources.map(({ type, name, arn }) => [`${type} ${name}`, arn]));
  const table = resources.find(({ type }) => type === 'AWS::DynamoDB::Table')?.properties ?? {};
  const indexes = Array.from(Object(table.GlobalSecondaryIndexes ?? []), (index) => Object(index));
  return {
    arnOf: (type, name) => arns.get(`${type} ${name}`),
    hashKeys: {
      table: hashKeyIn(table.KeySchema),
      indexes: Object.fromEntries(indexes.map(({ IndexName, KeySchema }) => [IndexName, hashKeyIn(KeySchema)])),
    },
  };
}

const hashKeyIn = (schema: unknown): string =>
  String(
    Array.from(Object(schema ?? []), (key) => Object(key)).find(({ KeyType }) => KeyType === 'HASH')?.AttributeName,
  );
