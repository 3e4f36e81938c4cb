import * as z from 'zod';
import { Match } from './match.ts';
import { Name, Sql } from './rules.ts';

const Platform = z.string().min(1);
const Version = z.string().regex(/^\d+(\.\d+)*$/, 'must be a version such as 5.9.0');
const Shard = z.int().min(0).max(100);
// osquery also accepts numbers as text, and packs from other sources often use that.
const Interval = z.union(
  [z.int(), z.string().regex(/^\d+$/, 'must be a whole number of seconds')],
  'must be a whole number of seconds',
);

export const ScheduledQuery = z
  .strictObject({
    query: Sql.describe('One SELECT.'),
    interval: Interval.describe('Seconds between two runs, 1 to 604800; under 30 s only with `allow_fast`.').default(
      3600,
    ),
    snapshot: z.boolean().describe('The full result each time, instead of changes.').optional(),
    removed: z.boolean().describe('`false`: removed rows are not reported.').optional(),
    platform: Platform.describe('Platforms it runs on, such as `linux` or `posix`. Default: all.').optional(),
    version: Version.describe('The minimum version of osquery.').optional(),
    shard: Shard.describe('The share of hosts that run it, in percent.').optional(),
    denylist: z.boolean().describe('`false`: not denylisted after it killed the worker.').optional(),
    startup_priority: z.int().min(0).describe('Also run once at start (osquery 5.17).').optional(),
    description: z.string().describe('For people; not sent.').optional(),
    value: z.string().describe('For people; not sent.').optional(),
    allow_fast: z
      .boolean()
      .describe('Accepts an interval under 30 s, with its risks: OOM, CPU, overlapping runs, watchdog kills; not sent.')
      .optional(),
  })
  .describe('A scheduled query, of a profile or of a pack.');

const Schedule = z.record(z.string(), ScheduledQuery);

const Globs = z.record(z.string().min(1), z.array(z.string().min(1)));

/** Files that events and YARA watch, in a profile or a pack. */
const FILES = {
  file_paths: Globs.describe('Category → globs that file_events watches.').optional(),
  file_paths_query: z.record(z.string().min(1), z.array(Sql)).describe('Category → SQL that yields `path`.').optional(),
  file_accesses: z.array(z.string()).describe('Categories whose accesses are reported too.').optional(),
  exclude_paths: Globs.describe('Category → globs that it excludes.').optional(),
  yara: z
    .strictObject({
      signatures: Globs.describe('Group → files of signatures on the host.').optional(),
      signature_urls: z
        .array(z.string())
        .describe('Addresses that a query may name in `sigurl`; the paths are regular expressions.')
        .optional(),
      file_paths: Globs.describe('Category of `file_paths` → groups of signatures.').optional(),
    })
    .describe('YARA signatures, and the files to scan with them.')
    .optional(),
};

/** A pack file, in osquery's own format. */
export const Pack = z
  .strictObject({
    queries: Schedule.describe('Name → scheduled query.'),
    discovery: z.array(Sql).describe('Every query must return a row, or the pack does not run.').optional(),
    platform: Platform.describe('Platforms it runs on.').optional(),
    version: Version.describe('The minimum version of osquery.').optional(),
    shard: Shard.describe('The share of hosts that run it, in percent.').optional(),
    oncall: z.string().describe('The person or team responsible.').optional(),
    ...FILES,
  })
  .describe(
    "A pack: `packs/<name>.conf`, `.json` or `.yaml` in osquery's own format, used by profiles by its name. Numbers and " +
      'true or false may be texts, and keys that osquery ignores are left out.',
  );

/** A file of `config/`: one profile. */
export const ProfileFile = z
  .strictObject({
    profile: Name.describe('Its name, unique in the policy.'),
    order: z.int().min(0).max(9999).describe('Lower ones are tried first; ties go by name.').default(100),
    match: Match.describe(
      'The nodes that get it. Only the default profile has none; it applies to all other nodes.',
    ).optional(),
    options: z
      .record(z.string(), z.union([z.string(), z.boolean(), z.int()], 'must be a text, a whole number, true or false'))
      .describe('osquery options that a configuration may set. An omitted option keeps its previous value.')
      .optional(),
    schedule: Schedule.describe('Name → scheduled query.').optional(),
    packs: z.array(z.string().min(1), 'must be a list of the names of packs').describe('Names of packs.').optional(),
    decorators: z
      .strictObject({
        load: z.array(Sql).describe('Run when a configuration arrives.').optional(),
        always: z.array(Sql).describe('Run before every scheduled query: keep them cheap.').optional(),
        interval: z
          .record(z.string(), z.array(Sql))
          .describe('Seconds, a multiple of 60 → SQL run that often.')
          .optional(),
      })
      .describe('SQL whose first row is added to every scheduled result.')
      .optional(),
    ...FILES,
    events: z
      .strictObject({
        enable_subscribers: z
          .array(z.string())
          .describe('Event tables to fill in addition to the defaults.')
          .optional(),
        disable_subscribers: z.array(z.string()).describe('Event tables not to fill.').optional(),
      })
      .describe('Event tables to fill or not to fill.')
      .optional(),
    views: z
      .record(z.string().regex(/^[A-Za-z_]\w*$/, 'must be the name of a view'), Sql)
      .describe('Name → SELECT.')
      .optional(),
    auto_table_construction: z
      .record(
        z.string(),
        z.strictObject({
          query: z.string().min(1).describe('SQL that runs inside the file.'),
          path: z.string().min(1).describe('Path of the files; `%` is a wildcard.'),
          columns: z.array(z.string()).min(1).describe('Columns that the SQL returns; `path` is added.'),
          platform: Platform.describe('Platforms it is for.').optional(),
        }),
      )
      .describe('Tables over SQLite files on the host.')
      .optional(),
    prometheus_targets: z
      .strictObject({
        timeout: z.int().min(1).describe('Seconds to wait for one target.').optional(),
        urls: z.array(z.string()).min(1).describe('Addresses of the targets.'),
      })
      .describe('Targets of the table prometheus_metrics.')
      .optional(),
  })
  .describe('An agent configuration and its nodes: one file of `config/`.');

export type ProfileText = z.infer<typeof ProfileFile>;
export type PackText = z.infer<typeof Pack>;
export type ScheduledQueryText = z.infer<typeof ScheduledQuery>;
