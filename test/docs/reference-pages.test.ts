import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES } from '../../lib/core/errors.ts';
import { LOG_EVENTS } from '../../lib/core/reports/log-events.ts';
import { referencePages } from '../../scripts/reference-pages.ts';

describe('the generated reference pages', () => {
  it.each(Object.entries(referencePages()))('%s is what `npm run docs` writes', (path, text) => {
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('describe only events and codes that the source uses', () => {
    const isCatalogue = (file: string) => file === 'errors.ts' || file.startsWith('reports/');
    const source = ['lib/core', 'lib/aws', 'lib/service', 'lambdas']
      .flatMap((folder) =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((file) => file.endsWith('.ts') && !isCatalogue(file))
          .map((file) => readFileSync(join(folder, file), 'utf8')),
      )
      .join('\n');
    const names = [...Object.keys(LOG_EVENTS), ...Object.keys(ERROR_CODES)];
    const unused = names.filter((name) => !source.includes(`'${name}'`));
    expect(unused).toEqual([]);
  });
});
