import { stringify } from 'yaml';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { say } from '../terminal/print.ts';
import { enrollingIn } from './enrolling.ts';
import { k8sManifests, secretByHand } from './k8s-manifests.ts';

export interface K8sFlags extends DeploymentFlags {
  readonly attest: boolean;
  readonly image?: string;
  readonly namespace: string;
  readonly nodeName: boolean;
  readonly secretStore?: string;
}

/** Prints the manifests of an agent on every node of a Kubernetes cluster. */
export async function k8sDaemonset(options: K8sFlags): Promise<void> {
  const { attest, image, namespace, nodeName, secretStore, ...flags } = options;
  const names = await enrollingIn(flags);
  const settings = { ...names, attest, image, namespace, usesNodeName: nodeName, secretStore };
  const manifests = k8sManifests(settings).map((manifest) => stringify(manifest, { lineWidth: 0 }));
  const first = secretStore === undefined ? `${secretByHand(settings, names.region)}\n` : '';
  say(`${first}${manifests.join('---\n')}`.trimEnd());
}
