import {
  AGENT_CONTAINER,
  type AgentSettings,
  agentScript,
  OSQUERY_IMAGE,
  SECRET_VARIABLE,
} from '../../stack/hosts/agent-script.ts';
import { AGENT_MEMORY_MIB, DAEMON_CAPABILITIES } from '../../stack/hosts/containers.ts';

export interface K8sSettings extends AgentSettings {
  readonly enrollSecretArn: string;
  readonly namespace: string;
  /** Hosts are named after their Kubernetes node, because they need not be EC2 instances. */
  readonly usesNodeName: boolean;
  /** Name of a ClusterSecretStore of the External Secrets Operator. @default - the secret is created by hand */
  readonly secretStore?: string;
  /** @default OSQUERY_IMAGE */
  readonly image?: string;
}

/** The key of the enroll secret in its Kubernetes Secret. */
const KEY = 'secret';
const SCRIPT = 'agent.sh';
const LABELS = { 'app.kubernetes.io/name': AGENT_CONTAINER };

/** The manifests of an agent on every Linux node, in the order in which `kubectl apply` needs them. */
export function k8sManifests(settings: K8sSettings): object[] {
  const { enrollSecretArn, namespace, secretStore, usesNodeName } = settings;
  const metadata = { name: AGENT_CONTAINER, namespace, labels: LABELS };
  const script = agentScript(usesNodeName ? 'node-name' : 'instance', settings);
  const external = {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata,
    spec: {
      refreshInterval: '1h',
      secretStoreRef: { kind: 'ClusterSecretStore', name: secretStore },
      target: { name: AGENT_CONTAINER },
      data: [{ secretKey: KEY, remoteRef: { key: enrollSecretArn } }],
    },
  };
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
    },
    ...(secretStore === undefined ? [] : [external]),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [SCRIPT]: `${script}\n` } },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec: {
        selector: { matchLabels: LABELS },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
        template: { metadata: { labels: LABELS }, spec: podOf(settings) },
      },
    },
  ];
}

function podOf({ image, usesNodeName }: K8sSettings): object {
  const ofNode = { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } };
  return {
    // In the host's namespaces, osquery sees the host's processes, network and name.
    hostPID: true,
    hostNetwork: true,
    dnsPolicy: 'ClusterFirstWithHostNet',
    automountServiceAccountToken: false,
    priorityClassName: 'system-node-critical',
    nodeSelector: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': image === undefined ? 'amd64' : undefined },
    tolerations: [{ operator: 'Exists' }],
    containers: [
      {
        name: AGENT_CONTAINER,
        image: image ?? OSQUERY_IMAGE,
        command: ['/bin/bash', `/mayfly/${SCRIPT}`],
        env: [
          { name: SECRET_VARIABLE, valueFrom: { secretKeyRef: { name: AGENT_CONTAINER, key: KEY } } },
          ...(usesNodeName ? [ofNode] : []),
        ],
        resources: { requests: { cpu: '50m', memory: `${AGENT_MEMORY_MIB}Mi` }, limits: { memory: '512Mi' } },
        securityContext: { runAsUser: 0, capabilities: { add: [...DAEMON_CAPABILITIES] } },
        volumeMounts: [
          { name: 'script', mountPath: '/mayfly', readOnly: true },
          { name: 'database', mountPath: '/var/osquery' },
        ],
      },
    ],
    volumes: [
      { name: 'script', configMap: { name: AGENT_CONTAINER } },
      { name: 'database', hostPath: { path: '/var/lib/mayfly-osquery', type: 'DirectoryOrCreate' } },
    ],
  };
}

/** The commands that create the Kubernetes Secret by hand, as comments: the secret itself is in no file. */
export const secretByHand = ({ namespace, enrollSecretArn }: K8sSettings, region: string): string =>
  [
    '# Create the namespace and its secret first:',
    `#   kubectl create namespace ${namespace}`,
    `#   kubectl --namespace ${namespace} create secret generic ${AGENT_CONTAINER} --from-literal=${KEY}="$(`,
    `#     aws secretsmanager get-secret-value --region ${region} --secret-id '${enrollSecretArn}' --query SecretString --output text)"`,
  ].join('\n');
