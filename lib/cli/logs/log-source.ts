import { ofType, type Parts, roleOf } from '../deployment/parts.ts';
import type { LogSource, LogWish } from './log-line.ts';

/** The permission to read logs in AWS. */
export const LOGS_NEED = 'logs:FilterLogEvents on its log groups';

/** Opens the logs of the functions, and of the long-poll front if there is one. */
export async function openLogs(parts: Parts, wish: LogWish): Promise<LogSource> {
  const names = ofType(parts, 'AWS::Logs::LogGroup')
    .filter((group) => roleOf(group, parts.names).endsWith('Logs')) // others are written by AWS's services
    .map(({ physicalId }) => physicalId);
  if (parts.isLocal) return new (await import('./local-logs.ts')).LocalLogs(names, wish);
  return new (await import('./cloudwatch-logs.ts')).CloudWatchLogs(names, wish);
}
