/** An account and a Region. */
export interface AwsScope {
  readonly partition: string;
  readonly account: string;
  readonly region: string;
}

/**
 * The partition, Region and account of an ARN; '' for each part that is missing.
 *
 * @example scopeOf('arn:aws:ecs:eu-west-1:123456789012:task/web/1a') // { partition: 'aws', region: 'eu-west-1', account: '123456789012' }
 */
export function scopeOf(arn: string): AwsScope {
  const [, partition = '', , region = '', account = ''] = arn.split(':');
  return { partition, region, account };
}
