import { type Command, InvalidArgumentError, Option } from 'commander';
import { withDeploymentOptions } from './deployment/deployment-flags.ts';
import { lazily } from './lazily.ts';
import { examples, JSON_FLAG } from './terminal/print.ts';

/** Adds `mayfly host flags`, `user-data`, `ecs-daemon`, `fargate-sidecar`, `k8s-daemonset` and `lint`. */
export function addHost(program: Command): void {
  const host = program
    .command('host')
    .description('Print what a host needs to enroll, or check what it has')
    .addHelpText('after', examples('npx mayfly host flags', 'npx mayfly host lint /etc/osquery/osquery.flags'));
  withDeploymentOptions(host.command('flags'))
    .description("Print osquery's flagfile for every host")
    .addHelpText(
      'after',
      examples('npx mayfly host flags', 'npx mayfly host flags --stack Mayfly >/etc/osquery/osquery.flags'),
    )
    .action(lazily(async () => (await import('./host/flags.ts')).flagsOf));
  withDeploymentOptions(host.command('user-data'))
    .description('Print a script for the user data of EC2 instances that have osquery installed')
    .option(...ATTEST)
    .addHelpText(
      'after',
      `${examples('npx mayfly host user-data --stack Mayfly', 'npx mayfly host user-data --stack Mayfly --attest >user-data.sh')}

The instance needs the AWS CLI, and a role that may read the enroll secret.`,
    )
    .action(lazily(async () => (await import('./host/user-data.ts')).userData));
  addContainers(host);
  host
    .command('lint')
    .description('Check a flagfile of osquery: what would keep its host from enrolling, or from being found')
    .argument('<file>', 'the flagfile, such as /etc/osquery/osquery.flags', path)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples('npx mayfly host lint /etc/osquery/osquery.flags', 'npx mayfly host lint osquery.flags --json')}

Exit codes: 0 without errors, 1 with errors. Warnings do not count.`,
    )
    .action(lazily(async () => (await import('./host/lint.ts')).lint));
}

const ATTEST = [
  '--attest',
  "prove the instance's identity at enrollment (docs/hosts.md, Attested enrollment)",
  false,
] as const;
const IMAGE = [
  '--image <reference>',
  "an image with osquery and bash; osquery's own by default, for x86_64 only",
  text,
] as const;
const LOG_GROUP = ['--log-group <name>', "an existing log group of CloudWatch for the container's log", text] as const;

/** Adds the commands that print agents in containers. */
function addContainers(host: Command): void {
  withDeploymentOptions(host.command('ecs-daemon'))
    .description('Print the task definition of an agent on every instance of an ECS cluster, and its service')
    .option('--execution-role <arn>', 'the role with which ECS reads the enroll secret', text)
    .option('--service <cluster>', 'print the service for this cluster instead', text)
    .option(...ATTEST)
    .option(...IMAGE)
    .option(...LOG_GROUP)
    .addHelpText(
      'after',
      `${examples(
        'npx mayfly host ecs-daemon --stack Mayfly --execution-role arn:aws:iam::111122223333:role/ecsTaskExecutionRole >daemon.json',
        'npx mayfly host ecs-daemon --service my-cluster >service.json',
      )}

Register them with "aws ecs register-task-definition --cli-input-json file://daemon.json" and
"aws ecs create-service --cli-input-json file://service.json". The role needs secretsmanager:GetSecretValue on the enroll secret.`,
    )
    .action(lazily(async () => (await import('./host/ecs-daemon.ts')).ecsDaemon));
  withDeploymentOptions(host.command('fargate-sidecar'))
    .description('Print an agent for a task on Fargate, or a task definition with the agent added')
    .argument(
      '[file]',
      'a task definition: the input of register-task-definition, or the output of describe-task-definition',
      path,
    )
    .option(...IMAGE)
    .option(...LOG_GROUP)
    .addHelpText(
      'after',
      `${examples(
        'npx mayfly host fargate-sidecar --stack Mayfly',
        'npx mayfly host fargate-sidecar --stack Mayfly web.json >web-with-agent.json',
      )}

The execution role of the task needs secretsmanager:GetSecretValue on the enroll secret.`,
    )
    .action(lazily(async () => (await import('./host/fargate-sidecar.ts')).fargateSidecar));
  withDeploymentOptions(host.command('k8s-daemonset'))
    .description('Print the manifests of an agent on every Linux node of a Kubernetes cluster')
    .option('--namespace <name>', 'the namespace of the agent', text, 'mayfly')
    .option(
      '--secret-store <name>',
      'a ClusterSecretStore of the External Secrets Operator that reads the enroll secret',
      text,
    )
    .option('--node-name', 'name hosts by their Kubernetes node: for nodes outside EC2', false)
    .addOption(new Option(ATTEST[0], ATTEST[1]).default(false).conflicts('nodeName'))
    .option(...IMAGE)
    .addHelpText(
      'after',
      examples(
        'npx mayfly host k8s-daemonset --stack Mayfly >mayfly.yaml',
        'npx mayfly host k8s-daemonset --stack Mayfly --secret-store aws | kubectl apply --filename -',
      ),
    )
    .action(lazily(async () => (await import('./host/k8s-daemonset.ts')).k8sDaemonset));
}

function text(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  return value;
}

function path(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Use the path of a file.');
  return text;
}
