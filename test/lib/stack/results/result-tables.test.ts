import { describe, expect, it } from '@jest/globals';
import { Duration, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { columnsOf, LINE_KINDS, type LineKind } from '../../../../lib/core/results/line-fields.ts';
import { Mayfly } from '../../../../lib/stack/mayfly.ts';
import { SAVED_QUERIES } from '../../../../lib/stack/results/saved-queries.ts';
import { contextTemplate, customTemplate } from '../shared-templates.ts';
import {
  anApp,
  mayflyTemplate,
  resourcesOf,
  someBundles,
  type Template,
  templateWith,
  textOf,
  theOnly,
} from '../template.ts';

const KINDS = Object.keys(LINE_KINDS) as LineKind[];
const template = mayflyTemplate();

interface TableInput {
  readonly Name: LineKind;
  readonly Parameters: Readonly<Record<string, unknown>>;
  readonly PartitionKeys: readonly { readonly Name: string }[];
  readonly StorageDescriptor: {
    readonly Location: unknown;
    readonly Columns: readonly { readonly Name: string; readonly Type: string }[];
    readonly SerdeInfo: { readonly Parameters: Readonly<Record<string, string>> };
  };
}

const tablesIn = (of: Template): TableInput[] =>
  resourcesOf<{ TableInput: TableInput }>(of, 'AWS::Glue::Table').map(([, { TableInput }]) => TableInput);
const tables = tablesIn(template);

describe('the tables in Glue', () => {
  it('are one for each kind of line, where its stream writes', () => {
    const streams = resourcesOf<{ ExtendedS3DestinationConfiguration: { Prefix: string; BucketARN: unknown } }>(
      template,
      'AWS::KinesisFirehose::DeliveryStream',
    );
    const prefixes = streams.map(
      ([
        ,
        {
          ExtendedS3DestinationConfiguration: { Prefix },
        },
      ]) => Prefix,
    );
    const [bucket] = resourcesOf(template, 'AWS::S3::Bucket').map(([id]) => id);
    expect(tables.map(({ Name }) => Name)).toEqual(KINDS);
    for (const { Name, Parameters, PartitionKeys, StorageDescriptor } of tables) {
      const location = `s3://<${bucket}>/${Name}/`;
      expect(textOf(StorageDescriptor.Location)).toBe(location);
      expect(textOf(Parameters['storage.location.template'])).toBe(`${location}\${datehour}/`);
      expect(PartitionKeys.map((key) => key.Name)).toEqual(['datehour']);
      expect(prefixes).toContain(`${Name}/!{timestamp:${Parameters['projection.datehour.format']}}/`);
    }
  });

  it('have a column for every field of their lines, under the name that Glue allows', () => {
    for (const {
      Name,
      StorageDescriptor: { Columns, SerdeInfo },
    } of tables) {
      const fieldOf = (column: string) => SerdeInfo.Parameters[`mapping.${column}`] ?? column;
      expect(Columns.map((column) => fieldOf(column.Name))).toEqual(Object.keys(LINE_KINDS[Name].fields));
      for (const column of Columns) expect(column.Name).toMatch(/^[a-z0-9_]+$/);
    }
  });

  it('distinguish columns of a row that differ only in case', () => {
    for (const { StorageDescriptor } of tables)
      expect(StorageDescriptor.SerdeInfo.Parameters['case.insensitive']).toBe('false');
  });
});

describe('the Athena workgroup', () => {
  it('bounds what a query reads, encrypts its answers, and publishes no metrics', () => {
    expect(theOnly(template, 'AWS::Athena::WorkGroup')).toMatchObject({
      WorkGroupConfiguration: {
        EnforceWorkGroupConfiguration: true,
        BytesScannedCutoffPerQuery: 107_374_182_400,
        PublishCloudWatchMetricsEnabled: false,
        ResultConfiguration: {
          EncryptionConfiguration: { EncryptionOption: 'SSE_S3' },
          OutputLocation: { 'Fn::Join': ['', ['s3://', expect.anything(), '/athena/']] },
        },
      },
    });
  });

  it('has saved queries, in the database and the workgroup of the outputs', () => {
    const { MayflyResultsDatabase, MayflyResultsWorkgroup } = template.Outputs;
    const saved = resourcesOf<{ Name: string; Database: string; WorkGroup: string }>(
      template,
      'AWS::Athena::NamedQuery',
    );
    expect(saved.map(([, { Name }]) => Name)).toEqual(SAVED_QUERIES.map(({ name }) => name));
    for (const [, { Database, WorkGroup }] of saved)
      expect([Database, WorkGroup]).toEqual([MayflyResultsDatabase?.Value, MayflyResultsWorkgroup?.Value]);
  });
});

describe('a saved query', () => {
  const WORDS =
    /^(select|distinct|as|from|where|and|or|in|between|group|by|order|desc|limit|filter|is|not|null|like|array|contains|concat|split|coalesce|map_values|element_at|min|max|count|array_agg|array_distinct|json_extract|json_extract_scalar|from_utf8|from_base64|substr|\d+)$/i;

  it.each(SAVED_QUERIES)('$name names columns that its table has, and its parameters', ({ sql, parameters }) => {
    const table = /\nFROM (\w+)/.exec(sql)?.[1] as LineKind;
    const known = new Set(['datehour', table, ...columnsOf(table).map(({ name }) => name)]);
    const named = new Set([...sql.matchAll(/ AS (\w+)/g)].map(([, name = '']) => name));
    const words = sql.replace(/'[^']*'/g, ' ').match(/\w+/g) ?? [];
    expect(words.filter((word) => !WORDS.test(word) && !known.has(word) && !named.has(word))).toEqual([]);
    expect(sql.match(/\?/g)).toHaveLength(parameters.length);
  });

  it.each(SAVED_QUERIES)('$name reads the partitions between two hours alone', ({ sql }) => {
    expect(sql.indexOf('datehour BETWEEN ? AND ?')).toBeGreaterThan(0);
    expect(sql.indexOf('?')).toBe(sql.indexOf('datehour BETWEEN ? AND ?') + 'datehour BETWEEN '.length);
  });
});

describe('the time that results are kept', () => {
  const rulesIn = (of: Template): unknown =>
    theOnly<{ LifecycleConfiguration: { Rules: unknown } }>(of, 'AWS::S3::Bucket').LifecycleConfiguration.Rules;
  const rangeIn = (of: Template): unknown => tablesIn(of)[0]?.Parameters['projection.datehour.range'];

  it('is forever by default, except for the answers of Athena', () => {
    expect(rulesIn(template)).toEqual([
      { Id: 'answers-of-athena', Prefix: 'athena/', ExpirationInDays: 7, Status: 'Enabled' },
      { Id: 'all', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 }, Status: 'Enabled' },
    ]);
    expect(rangeIn(template)).toBe('2026/01/01/00,NOW');
  });

  it.each([
    ['a property', customTemplate()],
    ['the context of the command line', contextTemplate()],
  ])('can be given by %s', (_, of) => {
    expect(rulesIn(of)).toContainEqual(expect.objectContaining({ Id: 'all', ExpirationInDays: 90 }));
    expect(rangeIn(of)).toBe('NOW-91DAYS,NOW');
  });

  it.each(['0', '-1', '1.5', 'year', ''])('cannot be "%s" in the context', (resultsKeptFor) => {
    expect(() => templateWith({ resultsKeptFor })).toThrow(
      `the context resultsKeptFor is "${resultsKeptFor}": it has to be a number of whole days above 0`,
    );
  });

  it('cannot be given for a bucket that exists already', () => {
    const stack = new Stack(anApp(), 'Stack');
    const resultsBucket = Bucket.fromBucketName(stack, 'Bucket', 'former-results');
    expect(
      () => new Mayfly(stack, 'Mayfly', { bundles: someBundles(), resultsBucket, resultsKeptFor: Duration.days(90) }),
    ).toThrow('resultsKeptFor applies only to a new bucket: resultsBucket keeps its own settings');
  });
});
