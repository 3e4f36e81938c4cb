import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { parse, parseAllDocuments } from 'yaml';
import { agentScript } from '../../../lib/stack/hosts/agent-script.ts';
import { flagfile } from '../../../lib/stack/hosts/flagfile.ts';
import { mayfly } from '../../support/command.ts';
import { aFolder } from '../../support/folder.ts';

const SHARED = flagfile({ hostname: 'abc.execute-api.eu-west-1.amazonaws.com', pathPrefix: '/prod' });
const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:MayflyEnroll-x';
const ROLE = 'arn:aws:iam::111122223333:role/ecsTaskExecutionRole';
const IMAGE = 'example.com/osquery:arm64';
const plain = { flagfile: SHARED, attest: false };

const cloudformation = mockClient(CloudFormationClient);
afterAll(() => cloudformation.restore());
beforeEach(() => {
  const outputs = {
    TableName: 't',
    BusName: 'b',
    ResultsBucket: 'r',
    Hostname: 'h',
    Flagfile: SHARED,
    EnrollSecretArn: ARN,
  };
  const Outputs = Object.entries(outputs).map(([name, OutputValue]) => ({ OutputKey: `Mayfly${name}`, OutputValue }));
  cloudformation.on(DescribeStacksCommand).resolves({
    Stacks: [{ StackName: 'Mayfly', CreationTime: new Date(0), StackStatus: 'CREATE_COMPLETE', Outputs }],
  });
});
afterEach(() => {
  cloudformation.reset();
});

const host = async (...args: string[]) => {
  const { code, stdout, stderr } = await mayfly('host', ...args, '--stack', 'Mayfly');
  return { code, stdout, stderr };
};
const printed = async (...args: string[]) => JSON.parse((await host(...args)).stdout);

describe('mayfly host ecs-daemon', () => {
  it('prints a task definition in the namespaces of the host, with a database that stays', async () => {
    const definition = await printed('ecs-daemon', '--execution-role', ROLE);
    expect(definition).toMatchObject({
      family: 'mayfly-osquery',
      requiresCompatibilities: ['EC2'],
      networkMode: 'host',
      pidMode: 'host',
      executionRoleArn: ROLE,
      volumes: [
        { name: 'database', host: { sourcePath: '/var/lib/mayfly-osquery' } },
        { name: 'docker', host: { sourcePath: '/var/run/docker.sock' } },
      ],
    });
    const [container, ...others] = definition.containerDefinitions;
    expect(others).toEqual([]);
    expect(container).toMatchObject({
      name: 'mayfly-osquery',
      image: 'osquery/osquery:5.17.0-ubuntu22.04',
      command: [agentScript('instance', plain)],
      secrets: [{ name: 'ENROLL_SECRET', valueFrom: ARN }],
      mountPoints: [{ containerPath: '/var/osquery' }, { containerPath: '/var/run/docker.sock' }],
    });
    expect(container).not.toHaveProperty('logConfiguration');
  });

  it('uses the image, the log and the attestation that it is given', async () => {
    const options = ['--execution-role', ROLE, '--image', IMAGE, '--log-group', '/mayfly', '--attest'];
    const { containerDefinitions } = await printed('ecs-daemon', ...options);
    expect(containerDefinitions[0]).toMatchObject({
      image: IMAGE,
      command: [agentScript('instance', { ...plain, attest: true })],
      logConfiguration: {
        logDriver: 'awslogs',
        options: { 'awslogs-group': '/mayfly', 'awslogs-region': 'eu-west-1' },
      },
    });
  });

  it('prints the service of a cluster', async () => {
    expect(await printed('ecs-daemon', '--service', 'prod')).toMatchObject({
      cluster: 'prod',
      taskDefinition: 'mayfly-osquery',
      schedulingStrategy: 'DAEMON',
    });
  });

  it('names what is missing', async () => {
    expect(await host('ecs-daemon')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--execution-role ARN'),
    });
    expect(await mayfly('host', 'ecs-daemon', '--execution-role', ROLE)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--stack NAME'),
    });
  });
});

describe('mayfly host fargate-sidecar', () => {
  const web = { family: 'web', containerDefinitions: [{ name: 'web', image: 'nginx:1' }] };
  const withAgent = async (definition: unknown) => {
    const file = join(aFolder(), 'web.json');
    await writeFile(file, typeof definition === 'string' ? definition : JSON.stringify(definition));
    return host('fargate-sidecar', file);
  };

  it('prints the container, and that the task shares its processes', async () => {
    expect(await printed('fargate-sidecar', '--image', IMAGE)).toEqual({
      pidMode: 'task',
      containerDefinitions: [
        {
          name: 'mayfly-osquery',
          image: IMAGE,
          essential: false,
          memoryReservation: 128,
          entryPoint: ['/bin/bash', '-c'],
          command: [agentScript('task', plain)],
          secrets: [{ name: 'ENROLL_SECRET', valueFrom: ARN }],
          linuxParameters: { capabilities: { add: ['SYS_PTRACE'] } },
        },
      ],
    });
  });

  it('adds it to a task definition', async () => {
    const definition = JSON.parse((await withAgent(web)).stdout);
    expect(definition).toMatchObject({
      family: 'web',
      pidMode: 'task',
      containerDefinitions: [{ name: 'web' }, { name: 'mayfly-osquery' }],
    });
  });

  it('leaves out what ECS adds when it describes a task definition', async () => {
    const described = {
      ...web,
      pidMode: null,
      taskDefinitionArn: 'arn',
      revision: 3,
      status: 'ACTIVE',
      compatibilities: [],
    };
    const definition = JSON.parse((await withAgent({ taskDefinition: described, tags: [] })).stdout);
    expect(Object.keys(definition).sort()).toEqual(['containerDefinitions', 'family', 'pidMode']);
  });

  it.each([
    ['no JSON', 'family: web', 'JSON'],
    ['no task definition', [], 'it is no task definition'],
    ['one for instances', { ...web, requiresCompatibilities: ['EC2'] }, 'mayfly host ecs-daemon'],
    ['one with another PID mode', { ...web, pidMode: 'host' }, 'its pidMode is "host": it has to be "task"'],
    ['one with an agent', { containerDefinitions: [{ name: 'mayfly-osquery' }] }, 'a container mayfly-osquery already'],
  ])('refuses %s', async (_, definition, message) => {
    expect(await withAgent(definition)).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
  });

  it('names a file that does not exist', async () => {
    expect(await host('fargate-sidecar', '/nowhere/web.json')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('/nowhere/web.json'),
    });
  });
});

describe('mayfly host k8s-daemonset', () => {
  const manifests = async (...args: string[]) => {
    const { stdout } = await host('k8s-daemonset', ...args);
    return { stdout, all: parseAllDocuments(stdout).map((document) => document.toJS()) };
  };

  it('prints a DaemonSet in the namespaces of the host, with its script and a database that stays', async () => {
    const { all, stdout } = await manifests();
    expect(all.map(({ kind }) => kind)).toEqual(['Namespace', 'ConfigMap', 'DaemonSet']);
    const [, config, daemonSet] = all;
    expect(config.data).toEqual({ 'agent.sh': `${agentScript('instance', plain)}\n` });
    const { selector, template } = daemonSet.spec;
    expect(template.metadata.labels).toEqual(selector.matchLabels);
    expect(template.spec).toMatchObject({ hostPID: true, hostNetwork: true, tolerations: [{ operator: 'Exists' }] });
    const [container] = template.spec.containers;
    expect(container.env).toEqual([
      { name: 'ENROLL_SECRET', valueFrom: { secretKeyRef: { name: 'mayfly-osquery', key: 'secret' } } },
    ]);
    expect(container.volumeMounts.map(({ name }: { name: string }) => name)).toEqual(
      template.spec.volumes.map(({ name }: { name: string }) => name),
    );
    expect(stdout).toContain(`--secret-id '${ARN}'`);
  });

  it('reads the secret with the External Secrets Operator if asked', async () => {
    const { all, stdout } = await manifests('--secret-store', 'aws', '--namespace', 'security');
    expect(all[1]).toMatchObject({
      kind: 'ExternalSecret',
      metadata: { namespace: 'security' },
      spec: {
        secretStoreRef: { name: 'aws' },
        target: { name: 'mayfly-osquery' },
        data: [{ secretKey: 'secret', remoteRef: { key: ARN } }],
      },
    });
    expect(stdout).not.toContain('#');
  });

  it('names hosts by their node outside EC2, where they cannot attest an instance', async () => {
    const { all } = await manifests('--node-name', '--image', IMAGE);
    const [container] = all[2].spec.template.spec.containers;
    expect(container.env[1]).toEqual({ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } });
    expect(all[2].spec.template.spec.nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });
    expect(await host('k8s-daemonset', '--node-name', '--attest')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('attest'),
    });
  });
});

describe('the sleepy job of the talk', () => {
  const example = (name: string) => readFileSync(new URL(`../../../examples/sleepy/${name}`, import.meta.url), 'utf8');
  const page = readFileSync(new URL('../../../docs/hosts.md', import.meta.url), 'utf8');

  it('sleeps ten seconds five times at once on Kubernetes', () => {
    const { kind, spec } = parse(example('kubernetes-job.yaml'));
    expect([kind, spec.parallelism, spec.template.spec.restartPolicy]).toEqual(['Job', 5, 'OnFailure']);
    expect(spec.template.spec.containers.map(({ command }: { command: string[] }) => command)).toEqual([
      ['sleep', '10'],
    ]);
  });

  it('is the same on ECS', () => {
    const { family, containerDefinitions } = JSON.parse(example('ecs-task-definition.json'));
    const [job] = parse(example('kubernetes-job.yaml')).spec.template.spec.containers;
    expect(containerDefinitions).toMatchObject([{ image: job.image, command: job.command }]);
    expect(page).toContain(`--task-definition ${family} --count 5`);
    expect(page).toContain('file://examples/sleepy/ecs-task-definition.json');
    expect(page).toContain('examples/sleepy/kubernetes-job.yaml');
  });
});
