/** An account and a Region. */
export interface AwsScope {
  readonly partition: string;
  readonly account: string;
  readonly region: string;
}

/** The place of any ARN that names account and Region; '' stands for what it lacks. */
export function scopeOf(arn: string): AwsScope {
  const [, partition = '', , region = '', account = ''] = arn.split(':');
  return { partition, region, account };
}
