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
import { Construct } from 'constructs';
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

const launchTemplate = (scope: Construct, given: Partial<LaunchTemplateProps> = {}) =>
  new LaunchTemplate(scope, 'Launch', {
    instanceType: new InstanceType('m8g.large'),
    machineImage: MachineImage.latestAmazonLinux2023(),
    userData: UserData.forLinux(),
    role: new Role(scope, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }),
    ...given,
  });

/** The properties of the only resource of a type in a part of the stack. */
function theOnlyIn<Properties>(template: Template, type: string, part: string): Properties {
  const [found, ...others] = resourcesOf<Properties>(template, type).filter(([id]) => id.startsWith(part));
  if (!found || others.length > 0) throw new Error(`Not exactly one ${type} in ${part}`);
  return found[1];
}
const launchIn = (template: Template, part: string): string =>
  JSON.stringify(theOnlyIn(template, 'AWS::EC2::LaunchTemplate', part));

/** The actions that the policies with such ids allow, with the resources of each. */
const grantsOf = (template: Template, id: string) =>
  resourcesOf<PolicyProperties>(template, 'AWS::IAM::Policy')
    .filter(([name]) => name.startsWith(id))
    .flatMap(([, { PolicyDocument }]) =>
      PolicyDocument.Statement.map(({ Action, Resource }) => [[Action].flat().sort().join(' '), textOf(Resource)]),
    );

/** One application with all kinds of hosts. */
const { mayfly, stack, vpc, template } = anApplication();

describe('addTo', () => {
  const asg = group(stack, vpc);
  asg.addUserData('echo before');
  mayfly.addTo(asg);
  asg.addUserData('echo after');
  mayfly.addTo(launchTemplate(new Construct(stack, 'Direct')));
  const within = new Construct(stack, 'Within');
  mayfly.addTo(new AutoScalingGroup(within, 'Fleet', { vpc, launchTemplate: launchTemplate(within) }));

  it('enrolls the instances of an Auto Scaling group', () => {
    const text = launchIn(template(), 'Group');
    expect(text).toMatch(/echo before.*osqueryd.*--tls_hostname=.*--specified_identifier=\$INSTANCE.*echo after/);
    expect(JSON.stringify(template())).not.toContain('instance-identity');
  });

  it('lets the instances read the enroll secret, and nothing else', () => {
    expect(grantsOf(template(), 'DirectRole')).toEqual([
      ['secretsmanager:GetSecretValue', expect.stringContaining('EnrollSecret')],
    ]);
  });

  it('adds the identity document if the Mayfly uses it', () => {
    const attested = anApplication({ attest: 'preferred' });
    const launch = launchTemplate(attested.stack);
    attested.mayfly.addTo(launch);
    expect(JSON.stringify(attested.stack.resolve(launch.userData?.render()))).toContain('instance-identity');
  });

  it('enrolls a group through its launch template', () => {
    expect(launchIn(template(), 'Within')).toContain('--specified_identifier=$INSTANCE');
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
  ])('refuses a launch template without %s', (name, given, message) => {
    const refused = launchTemplate(new Construct(new Stack(anApp(), 'Other'), name), given);
    expect(() => mayfly.addTo(refused)).toThrow(message);
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
const taskIn = (template: Template, part: string): TaskDefinition =>
  theOnlyIn<TaskDefinition>(template, 'AWS::ECS::TaskDefinition', part);

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
  const cluster = new Cluster(stack, 'Cluster', { vpc });
  cluster.addCapacity('Capacity', { instanceType: new InstanceType('m8g.large') });
  mayfly.addDaemonTo(cluster);

  it('runs one agent on each instance, the old one stopped before the new one starts', () => {
    expect(theOnly<object>(template(), 'AWS::ECS::Service')).toMatchObject({
      SchedulingStrategy: 'DAEMON',
      DeploymentConfiguration: { MinimumHealthyPercent: 0, MaximumPercent: 100 },
    });
  });

  it('is the task definition that "mayfly host ecs-daemon" prints', () => {
    const task = taskIn(template(), 'ClusterMayflyDaemon');
    const [container] = task.ContainerDefinitions;
    const printed = daemonTaskDefinition({ ...settingsOf(mayfly, container as Container), executionRoleArn: 'role' });
    const { pidMode, networkMode, volumes, containerDefinitions } = asInApi(task) as typeof printed;
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
  const aTask = (id: string): FargateTaskDefinition => {
    const task = new FargateTaskDefinition(stack, id);
    task.addContainer('web', { image: ContainerImage.fromRegistry('nginx:1') });
    return task;
  };
  mayfly.addSidecarTo(aTask('Plain'));
  mayfly.addSidecarTo(aTask('Custom'), {
    image: ContainerImage.fromRegistry('example.com/osquery:arm64'),
    logging: LogDrivers.firelens({}),
  });

  it('adds the container that "mayfly host fargate-sidecar" prints, and shows it the processes of the task', () => {
    const { PidMode: pidMode, ContainerDefinitions } = taskIn(template(), 'Plain');
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
    expect(taskIn(template(), 'Custom').ContainerDefinitions[1]).toMatchObject({
      Image: 'example.com/osquery:arm64',
      LogConfiguration: { LogDriver: 'awsfirelens' },
    });
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
