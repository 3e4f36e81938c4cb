import { InvalidArgumentError, Option } from 'commander';
import { note, say } from './print.ts';

/** The most rows that a command holds in memory. */
const MAX_LIMIT = 100_000;

/** The option of every command that lists rows or workloads. */
export const csvOption = (): Option =>
  new Option('--csv', 'CSV for spreadsheets, on standard output').default(false).conflicts('json');

/** Parses `--limit`. */
export function limit(text: string): number {
  const value = Number(text);
  if (/^[1-9]\d*$/.test(text) && value <= MAX_LIMIT) return value;
  throw new InvalidArgumentError(`A whole number from 1 to ${MAX_LIMIT}.`);
}

/** Parses `--skip`. */
export function skip(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number.');
}

/** Prints the command for the next page: on standard error if the result is for programs. */
export function sayMore(command: string, { json, csv }: { readonly json: boolean; readonly csv: boolean }): void {
  if (json || csv) note(`There are more: ${command}`);
  else say(`\nThere are more: ${command}`);
}
