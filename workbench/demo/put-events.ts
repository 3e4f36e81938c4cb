import * as z from 'zod';
import { hasCode } from '../../lib/cli/exit.ts';
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

/** What became of events that were put. */
export interface Put {
  readonly accepted: number;
  /** Those that no rule of the stack matches, as a person would call them. */
  readonly unmatched: readonly string[];
}

/**
 * Puts the events of JSON files (one event or an array each) on the bus behind an endpoint, in order, as EventBridge has
 * them. The bus gives each a new id: who puts one again means another.
 *
 * @param nowMs moves all their times, so that the last of them happens then
 * @throws when a file is no event, naming file and path in it, or the bus refuses one
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
    const why = hasCode(Object(cause).cause, 'ECONNREFUSED') ? 'nobody listens at' : 'there is no way to';
    const next = 'start Mayfly with "npm start -- --no-demo", or give the address that it prints as events';
    throw new Error(`${why} ${endpoint}: ${next}`, { cause });
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw new Error(`refused: ${Object(answer).message ?? `status ${response.status}`}`);
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
  if (events.length === 0) throw new Error(`${file}: holds no event`);
  for (const [index, { event }] of events.entries()) {
    const { error } = Event.safeParse(event);
    if (!error) continue;
    const problems = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    const which = events.length > 1 ? ` (number ${index + 1})` : '';
    throw new Error(`${file}: not an EventBridge event${which}: ${problems}`);
  }
  return events;
}
