/** Bundles the functions, unless their bundles are there already, and prints what each function loads. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import Table from 'cli-table3';
import { bundleIfChanged } from './bundle-if-changed.ts';

const BUNDLES = fileURLToPath(new URL('../dist/lambdas', import.meta.url));

await bundleIfChanged();
const table = new Table({
  head: ['function', 'KiB', 'gzip KiB'],
  colAligns: ['left', 'right', 'right'],
  style: { head: [], border: [] },
});
for (const name of readdirSync(BUNDLES)) {
  const scripts = readdirSync(join(BUNDLES, name)).filter((file) => file.endsWith('.js'));
  const contents = scripts.map((file) => readFileSync(join(BUNDLES, name, file)));
  table.push([name, kib(contents), kib(contents.map((content) => gzipSync(content)))]);
}
console.log(table.toString());

function kib(parts: readonly Uint8Array[]): string {
  return (parts.reduce((sum, { length }) => sum + length, 0) / 1024).toFixed(1);
}
