import { withDeployment } from '../deployment/deployment.ts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { withIsoTimes } from '../terminal/iso.ts';
import { columns, printable, say, sayJson, when } from '../terminal/print.ts';

/** Lists versions and who pushed them, newest first. */
export async function history(flags: DeploymentFlags & { limit: number; json: boolean }): Promise<void> {
  const { name, heads } = await withDeployment(flags, async ({ name, store }) => ({
    name,
    heads: await store.history(flags.limit),
  }));
  if (flags.json) return sayJson(heads.map(withIsoTimes));
  if (heads.length === 0) return say(`${name} has no policy yet.`);
  say(
    columns(
      heads.map(({ version, pushedAtMs, pushedBy, message }, index) => [
        `${index === 0 ? '*' : ' '} ${version}`,
        when(pushedAtMs),
        printable(pushedBy),
        printable(message),
      ]),
    ),
  );
}
