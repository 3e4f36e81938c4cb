import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { hasCode } from '../errors/exit.ts';

/** A file in the policy folder, but not part of the policy: the version last compared with, by the name of the Mayfly. */
const FILE = '.mayfly-base.json';

const Bases = z.record(z.string(), z.int().min(0)).catch({});

/** The version of this Mayfly that the folder was last compared with; undefined if it never was. */
export const baseOf = (dir: string, name: string): number | undefined => basesOf(dir)[name];

/** Records that the folder was compared with a version. A push onto any other version is refused. */
export function rememberBase(dir: string, name: string, version: number): void {
  try {
    writeFileSync(join(dir, FILE), `${JSON.stringify({ ...basesOf(dir), [name]: version }, null, 2)}\n`);
  } catch (error) {
    // A read-only folder can still be compared. A push then needs --expect or --yes where it matters.
    if (!hasCode(error, 'EACCES') && !hasCode(error, 'EROFS') && !hasCode(error, 'EPERM')) throw error;
  }
}

function basesOf(dir: string): Readonly<Record<string, number>> {
  try {
    return Bases.parse(JSON.parse(readFileSync(join(dir, FILE), 'utf8')));
  } catch (error) {
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return {};
    throw error;
  }
}
