import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Event → its fields, in the order of the source. */
type Events = Readonly<Record<string, readonly string[]>>;

const sources = ['lib/core', 'lib/aws', 'lambdas'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'tally.ts') // it passes on what others name
    .map((file) => readFileSync(join(folder, file), 'utf8')),
);

/** The members that an object literal names, `text` being what follows its opening brace. */
function membersOf(text: string): string[] {
  const names: string[] = [];
  let depth = 0;
  let member = '';
  for (const character of text) {
    if ('{[('.includes(character)) depth += 1;
    if (depth === 0 && (character === ',' || character === '}')) {
      const name = /^\s*([A-Za-z]\w*)\s*(:|$)/.exec(member)?.[1];
      if (name) names.push(name);
      if (character === '}') return names;
      member = '';
    } else member += character;
    if ('}])'.includes(character)) depth -= 1;
  }
  throw new Error(`no end of the fields: ${text.slice(0, 80)}`);
}

function reported(): Events {
  const found = sources.flatMap((source) =>
    [...source.matchAll(/\breport\(\s*'(\w+)',\s*\{/g)].map(
      (match) => [match[1] ?? '', membersOf(source.slice(match.index + match[0].length))] as const,
    ),
  );
  return Object.fromEntries(found);
}

function listed(): Events {
  const rows = readFileSync('docs/reference/log-events.md', 'utf8').matchAll(/^\| `(\w+)` \| ([^|]*) \|/gm);
  return Object.fromEntries(
    [...rows].map(([, event = '', fields = '']) => [
      event,
      [...fields.matchAll(/`(\w+)`/g)].map(([, field = '']) => field),
    ]),
  );
}

describe('the reference page of log events', () => {
  it('lists every event that is reported, and no other', () => {
    expect(Object.keys(reported()).length).toBeGreaterThan(8);
    expect(Object.keys(listed()).sort()).toEqual(Object.keys(reported()).sort());
  });

  it('lists the fields of each', () => {
    const sorted = (events: Events) =>
      Object.fromEntries(Object.entries(events).map(([event, fields]) => [event, [...fields].sort()]));
    expect(sorted(listed())).toEqual(sorted(reported()));
  });

  it('misses none: every call of report names its event where it stands', () => {
    const calls = sources.flatMap((source) => [...source.matchAll(/\breport\(/g)]).length;
    const named = sources.flatMap((source) => [...source.matchAll(/\breport\(\s*'\w+',\s*\{/g)]).length;
    expect(calls).toBe(named);
  });
});
