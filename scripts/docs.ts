/** Writes the generated pages of docs/reference. `npm run docs` */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { referencePages } from './reference-pages.ts';

for (const [path, text] of Object.entries(referencePages()))
  writeFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), text);
