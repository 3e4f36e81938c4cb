import { describe, expect, it } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Template as Assertions } from 'aws-cdk-lib/assertions';
import { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import {
  InstanceType,
  LaunchTemplate,
  type LaunchTemplateProps,
  MachineImage,
  UserData,
  Vpc,
  WindowsVersion,
} from 'aws-cdk-lib/aws-ec2';
import { Cluster, ContainerImage, FargateTaskDefinition, LogDrivers } from 'aws-cdk-lib/aws-ecs';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { sidecarHostOf } from '../../../../lib/core/triggers/sidecar.ts';
import { AGENT_CONTAINER } from '../../../../lib/stack/hosts/agent-script.ts';
import { daemonTaskDefinition, sidecarContainer } from '../../../../lib/stack/hosts/containers.ts';
import { Mayfly } from '../../../../lib/stack/mayfly.ts';
import type { MayflyProps } from '../../../../lib/stack/mayfly-props.ts';
import { anApp, type PolicyProperties, resourcesOf, someBundles, type Template, textOf, theOnly } from '../template.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:MayflyEnroll-x';

/** A stack with a Mayfly and hosts. */
function anApplication(props: MayflyProps = {}) {
  const stack = new Stack(anApp(), 'Platform');
  const mayfly = new Mayfly(stack, 'Mayfly', { bundles: someBundles(), ...props });
  const template = (): Template => Assertions.fromStack(stack).toJSON() as Template;
  return { mayfly, stack, vpc: new Vpc(stack, 'Vpc', { maxAzs: 2 }), template };
}

const WINDOWS = MachineImage.latestWindows(WindowsVersion.WINDOWS_SERVER_2022_ENGLISH_FULL_BASE);

const group = (stack: Stack, vpc: Vpc) =>
  new AutoScalingGroup(stack, 'Group', {
    vpc,
    instanceType: new InstanceType('m8g.large'),
    machineImage: MachineImage.latestAmazonLinux2023(),
  });

const launchTemplate = (stack: Stack, given: Partial<LaunchTemplateProps> = {}) =>
  new LaunchTemplate(stack, 'Launch', {
    instanceType: new InstanceType('m8g.large'),
    machineImage: MachineImage.latestAmazonLinux2023(),
    userData: UserData.forLinux(),
    role: new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }),
    ...given,
  });

/** The actions that the policies with such ids allow, with the resources of each. */
const grantsOf = (template: Template, id: string) =>
  resourcesOf<PolicyProperties>(template, 'AWS::IAM::Policy')
    .filter(([name]) => name.startsWith(id))
    .flatMap(([, { PolicyDocument }]) =>
      PolicyDocument.Statement.map(({ Action, Resource }) => [[Action].flat().sort().join(' '), textOf(Resource)]),
    );

describe('addTo', () => {
  it('enrolls the instances of an Auto Scaling group', () => {
    const { mayfly, stack, vpc, template } = anApplication();
    const asg = group(stack, vpc);
    asg.addUserData('echo before');
    mayfly.addTo(asg);
    asg.addUserData('echo after');
    const text = JSON.stringify(template());
    expect(text).toMatch(/echo before.*osqueryd.*--tls_hostname=.*--specified_identifier=\$INSTANCE.*echo after/);
    expect(text).not.toContain('instance-identity');
  });

  it('lets the instances read the enroll secret, and nothing else', () => {
    const { mayfly, stack, template } = anApplication();
    mayfly.addTo(launchTemplate(stack));
    expect(grantsOf(template(), 'Role')).toEqual([
      ['secretsmanager:GetSecretValue', expect.stringContaining('EnrollSecret')],
    ]);
  });

  it('adds the identity document if the Mayfly uses it', () => {
    const { mayfly, stack, template } = anApplication({ attest: 'preferred' });
    mayfly.addTo(launchTemplate(stack));
    expect(JSON.stringify(template())).toContain('instance-identity');
  });

  it('enrolls a group through its launch template', () => {
    const { mayfly, stack, vpc, template } = anApplication();
    mayfly.addTo(new AutoScalingGroup(stack, 'Group', { vpc, launchTemplate: launchTemplate(stack) }));
    expect(JSON.stringify(template())).toContain('--specified_identifier=$INSTANCE');
  });

  it.each([
    ['user data', { userData: undefined, machineImage: undefined }, 'has no user data'],
    ['a role', { role: undefined }, 'has no role'],
    [
      'bash',
      {
        userData: UserData.forWindows(),
        machineImage: WINDOWS,
      },
      'runs Windows',
    ],
  ])('refuses a launch template without %s', (_, given, message) => {
    const { mayfly, stack } = anApplication();
    expect(() => mayfly.addTo(launchTemplate(stack, given))).toThrow(message);
  });
});

interface Container {
  readonly Name: string;
  readonly [property: string]: unknown;
}
interface TaskDefinition {
  readonly ContainerDefinitions: readonly Container[];
  readonly [property: string]: unknown;
}
const taskIn = (template: Template): TaskDefinition => theOnly<TaskDefinition>(template, 'AWS::ECS::TaskDefinition');

/** An object with the names of CloudFormation, as ECS's API names it. */
const asInApi = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(asInApi);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.keys(value).some((name) => name.startsWith('Fn::') || name === 'Ref')) return textOf(value);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.charAt(0).toLowerCase() + name.slice(1), asInApi(member)]),
  );
};

/** What the commands print, with the values of this template, which it takes from the other stack. */
const settingsOf = (mayfly: Mayfly, container: Container) => ({
  flagfile: textOf(Stack.of(mayfly).resolve(mayfly.flagfile)),
  enrollSecretArn: ARN,
  container,
  attest: false,
});

describe('addDaemonTo', () => {
  const { mayfly, stack, vpc, template } = anApplication();
  const cluster = new Cluster(stack, 'Cluster', { vpc });
  cluster.addCapacity('Capacity', { instanceType: new InstanceType('m8g.large') });
  mayfly.addDaemonTo(cluster);

  it('runs one agent on each instance, the old one stopped before the new one starts', () => {
    const service = theOnly<object>(template(), 'AWS::ECS::Service');
    expect(service).toMatchObject({
      SchedulingStrategy: 'DAEMON',
      DeploymentConfiguration: { MinimumHealthyPercent: 0, MaximumPercent: 100 },
    });
  });

  it('is the task definition that "mayfly host ecs-daemon" prints', () => {
    const [container] = taskIn(template()).ContainerDefinitions;
    const printed = daemonTaskDefinition({ ...settingsOf(mayfly, container as Container), executionRoleArn: 'role' });
    const { pidMode, networkMode, volumes, containerDefinitions } = asInApi(taskIn(template())) as typeof printed;
    expect({ pidMode, networkMode, volumes }).toEqual({
      pidMode: printed.pidMode,
      networkMode: printed.networkMode,
      volumes: printed.volumes,
    });
    expect(comparable(containerDefinitions[0])).toEqual(comparable(printed.containerDefinitions[0]));
  });

  it('lets ECS read the enroll secret', () => {
    const actions = grantsOf(template(), 'ClusterMayflyDaemon').filter(([, of]) => of?.includes('EnrollSecret'));
    expect(actions.map(([action]) => action)).toEqual(['secretsmanager:DescribeSecret secretsmanager:GetSecretValue']);
  });
});

describe('addSidecarTo', () => {
  const aTask = () => {
    const { mayfly, stack, template } = anApplication();
    const task = new FargateTaskDefinition(stack, 'Task');
    task.addContainer('web', { image: ContainerImage.fromRegistry('nginx:1') });
    return { mayfly, task, template };
  };

  it('adds the container that "mayfly host fargate-sidecar" prints, and shows it the processes of the task', () => {
    const { mayfly, task, template } = aTask();
    mayfly.addSidecarTo(task);
    const { PidMode: pidMode, ContainerDefinitions } = taskIn(template());
    expect(pidMode).toBe('task');
    const sidecar = ContainerDefinitions.find(({ Name }) => Name === AGENT_CONTAINER) as Container;
    expect(comparable(asInApi(sidecar))).toEqual(comparable(sidecarContainer(settingsOf(mayfly, sidecar))));
    expect(sidecar.Essential).toBe(false);
  });

  it('adds a container that the core recognizes', () => {
    const taskArn = 'arn:aws:ecs:eu-west-1:111122223333:task/web/a87d86906d345f62b49f844f11a10b3e';
    expect(sidecarHostOf({ taskArn, launchType: 'FARGATE', containers: [{ name: AGENT_CONTAINER }] })).toBeDefined();
  });

  it('uses the image and the log that it is given', () => {
    const { mayfly, task, template } = aTask();
    const logging = LogDrivers.firelens({});
    mayfly.addSidecarTo(task, { image: ContainerImage.fromRegistry('example.com/osquery:arm64'), logging });
    expect(taskIn(template()).ContainerDefinitions[1]).toMatchObject({ Image: 'example.com/osquery:arm64' });
  });
});

/** A container without what only one of the two sources knows: the ARN of the secret, host names, the log. */
function comparable(container: unknown): object {
  const { command, secrets, logConfiguration, ...rest } = container as ReturnType<typeof sidecarContainer>;
  return {
    ...rest,
    command: command.map((text) => text.replace(/'--[a-z_]+=[^']*'/g, (flag) => flag.split('=')[0] ?? flag)),
    secrets: secrets.map(({ name }) => name),
  };
}
