import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Aws, type Duration, Names } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { columnsOf, LINE_KINDS, type LineKind } from '../../core/results/line-fields.ts';
import { SAVED_QUERIES } from './saved-queries.ts';

export interface ResultTablesProps {
  /** The bucket that the streams write to. */
  readonly bucket: IBucket;
  /** How long the bucket keeps lines. @default - forever */
  readonly keptFor?: Duration;
}

/** Athena bills $5 for a TB (list price, us-east-1): a query that would read more than this ends, after half a dollar. */
const MAX_SCANNED_BYTES = 100 * 1024 ** 3;

/** The folder of the bucket with the answers of Athena. */
export const ANSWERS = 'athena';

/**
 * What Athena needs to query the results bucket: a Glue database with a table for each kind of line, a workgroup, and saved
 * queries. Partitions are projected from the dates in the keys, so no crawler runs and nothing has to be repaired. None of
 * these costs anything until it is queried.
 */
export class ResultTables extends Construct {
  /** Name of the Glue database. */
  readonly database: string;
  /** Name of the Athena workgroup. */
  readonly workgroup: string;

  constructor(scope: Construct, id: string, props: ResultTablesProps) {
    super(scope, id);
    this.database = Names.uniqueResourceName(scope, { separator: '_', maxLength: 200 }).toLowerCase();
    this.workgroup = Names.uniqueResourceName(scope, { separator: '-', maxLength: 100 });

    const database = new CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name: this.database, description: 'Mayfly: answers, agent logs and quarantine' },
    });
    for (const kind of Object.keys(LINE_KINDS) as LineKind[]) this.table(kind, props).node.addDependency(database);
    this.savedQueries(this.newWorkgroup(props.bucket), database);
  }

  /** @see Amazon Athena User Guide, "Amazon Data Firehose example" of partition projection */
  private table(kind: LineKind, { bucket, keptFor }: ResultTablesProps): CfnTable {
    const location = `s3://${bucket.bucketName}/${kind}/`;
    const columns = columnsOf(kind);
    const renamed = columns.filter(({ name, field }) => name !== field);
    return new CfnTable(this, `${kind.charAt(0).toUpperCase()}${kind.slice(1)}Table`, {
      catalogId: Aws.ACCOUNT_ID,
      databaseName: this.database,
      tableInput: {
        name: kind,
        description: `Mayfly: ${LINE_KINDS[kind].meaning}`,
        tableType: 'EXTERNAL_TABLE',
        parameters: {
          EXTERNAL: 'TRUE',
          classification: 'json',
          compressionType: 'gzip',
          'projection.enabled': 'true',
          'projection.datehour.type': 'date',
          'projection.datehour.format': 'yyyy/MM/dd/HH',
          'projection.datehour.range': `${keptFor ? `NOW-${keptFor.toDays() + 1}DAYS` : '2026/01/01/00'},NOW`,
          'projection.datehour.interval': '1',
          'projection.datehour.interval.unit': 'HOURS',
          'storage.location.template': `${location}\${datehour}/`,
        },
        partitionKeys: [{ name: 'datehour', type: 'string', comment: 'UTC, as in 2026/11/01/00' }],
        storageDescriptor: {
          location,
          columns: columns.map(({ name, type }) => ({ name, type })),
          inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
          outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
          serdeInfo: {
            serializationLibrary: 'org.openx.data.jsonserde.JsonSerDe',
            parameters: {
              // A row may have columns that differ only in case, and the default fails on such a row.
              'case.insensitive': 'false',
              'ignore.malformed.json': 'true',
              ...Object.fromEntries(renamed.map(({ name, field }) => [`mapping.${name}`, field])),
            },
          },
        },
      },
    });
  }

  private newWorkgroup(bucket: IBucket): CfnWorkGroup {
    return new CfnWorkGroup(this, 'Workgroup', {
      name: this.workgroup,
      description: 'Mayfly: queries over answers, agent logs and quarantine',
      recursiveDeleteOption: true, // with the history of queries, or the stack could not be deleted
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        bytesScannedCutoffPerQuery: MAX_SCANNED_BYTES,
        publishCloudWatchMetricsEnabled: false, // each metric costs $0.30 a month
        resultConfiguration: {
          outputLocation: `s3://${bucket.bucketName}/${ANSWERS}/`,
          encryptionConfiguration: { encryptionOption: 'SSE_S3' },
        },
      },
    });
  }

  private savedQueries(workgroup: CfnWorkGroup, database: CfnDatabase): void {
    for (const { name, answers, parameters, sql } of SAVED_QUERIES) {
      const given = parameters.map((parameter, index) => `${index + 1} ${parameter}`).join('; ');
      const query = new CfnNamedQuery(this, `Query-${name}`, {
        name,
        database: this.database,
        workGroup: this.workgroup,
        description: `${answers} Parameters: ${given}.`,
        queryString: sql,
      });
      query.node.addDependency(workgroup, database);
    }
  }
}
