import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { type Parts, withParts } from '../deployment/parts.ts';
import { CommandError } from '../errors/command-error.ts';
import { confirm } from '../terminal/confirm.ts';
import { count, say, sayJson } from '../terminal/print.ts';
import { type DeadLetter, type DeadLetterQueue, DeadLetters, READ_NEEDS } from './dead-letters.ts';
import { theLetter } from './show.ts';

interface RedriveFlags extends DeploymentFlags {
  readonly all: boolean;
  readonly queue?: string;
  readonly yes: boolean;
  readonly json: boolean;
}

const NEEDS = `${READ_NEEDS}, sqs:DeleteMessage there, and sqs:SendMessage on the queues that they came from`;
const EVERY = Number.MAX_SAFE_INTEGER;

/** Sends dead letters back to their source. @throws {Exit} 1 when the operator did not confirm */
export async function redrive(id: string | undefined, flags: RedriveFlags): Promise<void> {
  if ((id === undefined) !== flags.all || (flags.queue !== undefined && !flags.all))
    throw new CommandError('COMMAND_LINE_INVALID', 'name one dead letter, or use --all, and --queue with it alone');
  const redriven = await withParts(flags, NEEDS, async (parts) => {
    const letters = new DeadLetters(parts);
    try {
      return await (id === undefined ? redriveAll(letters, parts, flags) : redriveOne(id, letters, parts));
    } finally {
      letters.close();
    }
  });
  if (flags.json) return sayJson({ redriven });
  say(redriven.length === 0 ? 'There are no dead letters.' : `${count(redriven.length, 'dead letter')} sent back.`);
}

async function redriveAll(letters: DeadLetters, parts: Parts, flags: RedriveFlags): Promise<string[]> {
  const queues = await letters.queues();
  checkQueue(queues, flags.queue);
  const isMeant = ({ source }: DeadLetter): boolean => flags.queue === undefined || source?.name === flags.queue;
  const total = queues.reduce((sum, { messages }) => sum + messages, 0);
  if (total > 0) {
    const which = flags.queue === undefined ? '' : `, those of ${flags.queue},`;
    await confirm(`Send about ${count(total, 'dead letter')}${which} of ${parts.name} back?`, flags.yes);
  }
  const done: string[] = [];
  for (const queue of queues) {
    // A message that fails again returns to this queue, so this reads only as many messages as the queue has now.
    await letters.each(queue, Math.max(queue.messages, 1), async (batch) => {
      const meant = batch.filter(isMeant);
      for (const letter of meant) await letters.redrive(letter);
      done.push(...meant.map(({ id }) => id));
      return new Set(meant.map(({ id }) => id));
    });
  }
  return done;
}

/** @throws {CommandError} if no queue has that name */
function checkQueue(queues: readonly DeadLetterQueue[], name: string | undefined): void {
  const names = queues.flatMap(({ sources }) => sources.map((source) => source.name));
  if (name === undefined || names.includes(name)) return;
  throw new CommandError('NOT_FOUND', `there is no queue ${name}`, { next: `there are ${names.join(', ')}` });
}

async function redriveOne(id: string, letters: DeadLetters, { chosen }: Parts): Promise<string[]> {
  const { id: whole, queue } = theLetter(id, await letters.all(EVERY), chosen);
  const done: string[] = [];
  await letters.each(queue, EVERY, async (batch) => {
    const meant = batch.filter((letter: DeadLetter) => letter.id === whole);
    for (const letter of meant) await letters.redrive(letter);
    done.push(...meant.map((letter) => letter.id));
    return new Set(done);
  });
  return done;
}
