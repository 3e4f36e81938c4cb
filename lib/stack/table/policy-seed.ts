import { CustomResource, Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { defineFunction } from '../functions/function.ts';
import type { MayflyTable } from './mayfly-table.ts';
import { ROW_ACCESS } from './row-access.ts';

export interface PolicySeedProps {
  /** Folder with the functions' bundles. */
  readonly bundles: string;
  readonly table: MayflyTable;
}

/**
 * Writes the default policy into an empty table while the stack is deployed. So no function that strangers or events reach
 * needs permission to write the policy, whose SQL runs on every host.
 */
export class PolicySeed extends Construct {
  constructor(scope: Construct, id: string, { bundles, table }: PolicySeedProps) {
    super(scope, id);
    const fn = defineFunction(this, {
      bundles,
      name: 'deployment',
      description: 'Mayfly: writes the default policy while the stack is deployed',
      timeout: Duration.seconds(60),
      memorySize: 256,
    });
    table.grant(fn, ROW_ACCESS.deployment);
    new CustomResource(this, 'Policy', {
      resourceType: 'Custom::MayflyPolicy',
      serviceToken: fn.functionArn,
      properties: { TableName: table.tableName }, // another table is seeded too
      serviceTimeout: Duration.minutes(5), // CloudFormation would wait for an hour
    });
  }
}
