import * as z from 'zod';
import { CommandError } from '../../lib/cli/errors/command-error.ts';
import { hasCode } from '../../lib/cli/errors/exit.ts';
import { readEvents, titleOf } from '../../lib/cli/policy/events.ts';
import { type RunCredentials, signedHeaders } from '../local-aws/index.ts';
import { moved } from './moved-events.ts';

const Event = z.object({
  source: z.string(),
  'detail-type': z.string(),
  time: z.iso.datetime({ offset: true }).optional(),
  resources: z.array(z.string()).optional(),
  detail: z.record(z.string(), z.unknown()),
});

const Answer = z.object({ accepted: z.number(), unmatched: z.array(z.number()) });

/** The outcome of putting events. */
export interface Put {
  readonly accepted: number;
  /** Readable names of the events that match no rule of the stack. */
  readonly unmatched: readonly string[];
}

/**
 * Puts the events of JSON files (each one event or an array, in EventBridge's format) on the bus behind an endpoint, in
 * order. The bus gives each event a new id, so putting a file twice makes different events.
 *
 * @param nowMs shifts all times so that the last event happens at this time
 * @throws if a file contains something other than events (naming the file and the path in it), or if the bus rejects an
 *   event
 */
export async function putEvents(
  files: readonly string[],
  { endpoint, credentials }: { readonly endpoint: string; readonly credentials: RunCredentials },
  nowMs?: number,
): Promise<Put> {
  const read = (await Promise.all(files.map(eventsOf))).flat();
  const events = read.map(({ event: { id: _, ...event } }) => event);
  const body = JSON.stringify(nowMs === undefined ? events : moved(events, nowMs));
  const response = await post(`${endpoint.replace(/\/$/, '')}/events`, body, credentials).catch((cause) => {
    const isDown = hasCode(Object(cause).cause, 'ECONNREFUSED');
    throw new CommandError('NOT_RUNNING', isDown ? `nothing listens at ${endpoint}` : `${endpoint} is not reachable`, {
      next: 'start Mayfly with "npm start -- --no-demo", or give the address that it prints as events',
      cause,
    });
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok)
    throw new CommandError('REFUSED', `the bus refused it: ${Object(answer).message ?? `status ${response.status}`}`);
  const { accepted, unmatched } = Answer.parse(answer);
  const titles = unmatched.flatMap((index) => read[index] ?? []).map((one) => `${titleOf(one)} (${one.file})`);
  return { accepted, unmatched: titles };
}

async function post(address: string, body: string, credentials: RunCredentials): Promise<Response> {
  const url = new URL(address);
  return fetch(url, { method: 'POST', headers: await signedHeaders(url, body, credentials), body });
}

async function eventsOf(file: string) {
  const events = await readEvents([file]);
  if (events.length === 0) throw new CommandError('REFUSED', `${file}: it holds no event`);
  for (const [index, { event }] of events.entries()) {
    const { error } = Event.safeParse(event);
    if (!error) continue;
    const problems = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    const which = events.length > 1 ? ` (number ${index + 1})` : '';
    throw new CommandError('REFUSED', `${file}: not an EventBridge event${which}: ${problems}`);
  }
  return events;
}
