import { CloudWatchClient, type MetricAlarm, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { ofType, type Parts } from '../deployment/parts.ts';
import { count, when } from '../terminal/print.ts';
import { type Check, checksOf } from './check.ts';

const PER_CALL = 100;

/** Judges the alarms of the stack. A local Mayfly has none. */
export async function alarmChecks(parts: Parts): Promise<Check[]> {
  const names = ofType(parts, 'AWS::CloudWatch::Alarm').map(({ physicalId }) => physicalId);
  if (names.length === 0) return [];
  const client = new CloudWatchClient({});
  try {
    const alarms: MetricAlarm[] = [];
    for (let from = 0; from < names.length; from += PER_CALL) {
      const AlarmNames = names.slice(from, from + PER_CALL);
      for await (const { MetricAlarms = [] } of paginateDescribeAlarms({ client }, { AlarmNames }))
        alarms.push(...MetricAlarms);
    }
    return judgeAlarms(alarms);
  } finally {
    client.destroy();
  }
}

export function judgeAlarms(alarms: readonly MetricAlarm[]): Check[] {
  const { ok, fail } = checksOf('alarms');
  const ringing = alarms.filter(({ StateValue }) => StateValue === 'ALARM');
  if (ringing.length === 0) return [ok(`none of ${count(alarms.length, 'alarm')} is in alarm`)];
  return ringing.map(({ AlarmName, AlarmDescription = '', StateUpdatedTimestamp }) =>
    fail(
      `${AlarmName}${StateUpdatedTimestamp ? ` since ${when(StateUpdatedTimestamp.getTime())}` : ''}`,
      AlarmDescription || 'see docs/runbook.md', // the description names the section
    ),
  );
}
