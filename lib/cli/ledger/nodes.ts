import { at, everyEntry, type PlaceFlags } from '../place.ts';
import { columns, printable, say, sayJson, when } from '../print.ts';

/** Shows who is enrolled, by host. */
export async function nodes(flags: PlaceFlags & { json: boolean }): Promise<void> {
  const { name, entries } = await at(flags, async ({ name, directory }) => ({
    name,
    entries: (await everyEntry(directory)).sort((a, b) => (a.hostIdentifier < b.hostIdentifier ? -1 : 1)),
  }));
  if (flags.json) {
    return sayJson(
      entries.map(({ hostIdentifier, hostname, platform, profile, osqueryVersion, lastSeenMs }) => ({
        host: hostIdentifier,
        hostname: hostname ?? null,
        platform: platform ?? null,
        profile: profile ?? null,
        osqueryVersion: osqueryVersion ?? null,
        lastSeenAt: new Date(lastSeenMs).toISOString(),
      })),
    );
  }
  if (entries.length === 0) return say(`No node is enrolled at ${name}.`);
  const rows = entries.map(({ hostIdentifier, hostname, platform, profile, osqueryVersion, lastSeenMs }) => [
    ...[hostIdentifier, hostname, platform, profile].map((text) => printable(text ?? '') || '-'),
    when(lastSeenMs),
    printable(osqueryVersion ?? '') || '-',
  ]);
  say(columns([['host', 'hostname', 'platform', 'profile', 'last seen', 'osquery'], ...rows]));
}
