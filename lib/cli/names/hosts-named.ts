import { everyEntry } from '../../core/nodes/directory.ts';
import type { Deployment } from '../deployment/deployment.ts';
import { CommandError } from '../errors/command-error.ts';
import { printable } from '../terminal/print.ts';

/** The most candidates listed; the others are counted. */
const MAX_LISTED = 10;

/**
 * The host that an operator means: by its host identifier, its host name, or a unique beginning of one of them.
 *
 * @returns undefined if no enrolled node is meant
 * @throws listing the candidates, if there are several; if the name is empty, as that of a variable that is not set
 */
export async function hostNamed(
  text: string,
  { directory }: Pick<Deployment, 'directory'>,
): Promise<string | undefined> {
  if (text.trim() === '')
    throw new CommandError('COMMAND_LINE_INVALID', 'the name of the host is empty', {
      next: '"npx mayfly nodes" lists names',
    });
  const entries = await everyEntry(directory);
  const by = [
    entries.filter(({ hostIdentifier }) => hostIdentifier === text),
    entries.filter(({ hostname }) => hostname === text),
    entries.filter(({ hostIdentifier, hostname = '' }) =>
      [hostIdentifier, hostname].some((name) => name.startsWith(text)),
    ),
  ];
  const [host, ...others] = (by.find((some) => some.length > 0) ?? []).map(({ hostIdentifier }) => hostIdentifier);
  if (host !== undefined && others.length > 0) throw ambiguous(text, [host, ...others], 'hosts');
  return host;
}

/** The host that an operator means; otherwise the text itself, because stored rows may be of a host that is gone. */
export const hostOr = async (text: string, deployment: Pick<Deployment, 'directory'>): Promise<string> =>
  (await hostNamed(text, deployment)) ?? text;

/** @example ambiguous('4f1c', ['arn:…/4f1c8d52…', 'arn:…/4f1cff00…'], 'workloads') */
export function ambiguous(text: string, candidates: readonly string[], what: string): Error {
  const listed = candidates.slice(0, MAX_LISTED).map((one) => `\n  ${printable(one)}`);
  const more = candidates.length > MAX_LISTED ? `\n  and ${candidates.length - MAX_LISTED} more` : '';
  const message = `${printable(text)} is the beginning of ${candidates.length} ${what}:${listed.join('')}${more}`;
  return new CommandError('AMBIGUOUS', message);
}
