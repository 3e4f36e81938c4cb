import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { withParts } from '../deployment/parts.ts';
import { CommandError } from '../errors/command-error.ts';
import { columns, printable, prose, say, sayJson, when } from '../terminal/print.ts';
import { type DeadLetter, DeadLetters } from './dead-letters.ts';
import { errorsOf, LIST_NEEDS, reportOf } from './described.ts';

/** How many messages of a queue are searched for an id. */
const SEARCHED = 1000;

/** Shows one dead letter with its event and the whole error. */
export async function show(id: string, flags: DeploymentFlags & { json: boolean }): Promise<void> {
  const { letter, report } = await withParts(flags, LIST_NEEDS, async (parts) => {
    const letters = new DeadLetters(parts);
    try {
      const found = theLetter(id, await letters.all(SEARCHED), parts.chosen);
      return { letter: found, report: reportOf(found, await errorsOf([found], parts)) };
    } finally {
      letters.close();
    }
  });
  if (flags.json) return sayJson({ ...report, body: letter.event ?? letter.body });
  const { queue, sentAt, receives, failure } = report;
  say(
    columns([
      ['id', letter.id],
      ['queue', queue ?? 'unknown'],
      ['sent', when(Date.parse(sentAt))],
      ['received', `${receives} times`],
    ]),
  );
  say(`\n${failure ? failure.error.split('\n').map(withIndent).join('\n') : 'The log no longer says why it failed.'}`);
  const body = letter.event ? JSON.stringify(letter.event, null, 2) : letter.body;
  say(`\n${body.split('\n').map(withIndent).join('\n')}`);
}

/** A line that may be hostile, with its indentation. */
const withIndent = (line: string): string => prose(printable(line), /^ */.exec(line)?.[0] ?? '');

/** The letter whose id begins with `id`. @throws {CommandError} when there is none, or more than one */
export function theLetter(id: string, letters: readonly DeadLetter[], chosen: string): DeadLetter {
  const found = letters.filter((letter) => letter.id.toLowerCase().startsWith(id));
  const [first, ...others] = found;
  if (first && others.length === 0) return first;
  const next = `"npx mayfly dlq list${chosen}" lists them`;
  if (first) throw new CommandError('REFUSED', `${found.length} dead letters have ids that begin with ${id}`, { next });
  throw new CommandError('NOT_FOUND', `no dead letter has an id that begins with ${id}`, { next });
}
