import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const NOT_SOURCE: ReadonlySet<string> = new Set(['node_modules', 'dist', 'cdk.out', 'coverage']);
const TEXT: ReadonlySet<string> = new Set(['.ts', '.js', '.cjs', '.md', '.yaml']);
const REFERENCES = 'docs/spec';

/** Every text of the repository that may cite something, by its path from the root. */
function sources(folder = ''): string[] {
  return readdirSync(folder || '.', { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || NOT_SOURCE.has(entry.name)) return [];
    if (entry.isDirectory()) return sources(path);
    return TEXT.has(extname(path)) ? [path] : [];
  });
}

/** The numbers of a page's sections: `3`, `3.5`, `A`, `A.1`. */
const sectionsOf = (page: string): ReadonlySet<string> =>
  new Set([...page.matchAll(/^#{2,} (?:Appendix )?([0-9A-Z]{1,2}(?:\.\d+)*)[. ]/gm)].map(([, number = '']) => number));

/** Text without the line breaks and comment marks at which a citation may be wrapped. */
const unwrapped = (text: string): string => text.replace(/\s*\n\s*(?:\*(?!\/)|\/\/|#)?\s*/g, ' ');

/** The file that a text means by `name`: relative to the root of the repository, or to its own folder, as in links. */
const fileNamed = (name: string, citing: string): string | undefined =>
  [name, join(dirname(citing), name)].find((path) => existsSync(path));

/** The problems of the section signs in a text. Those of an RFC are not checked. */
function wrongSections(citing: string, text: string): string[] {
  const flat = unwrapped(text);
  return [...flat.matchAll(/\u00a7([0-9A-Z]+(?:\.\d+)*)?/g)].flatMap((match) => {
    const before = flat
      .slice(0, match.index)
      .replace(/(?:\u00a7[0-9A-Z]+(?:\.\d+)*(?:, | and | or | to |\u2013))+$/, '');
    const cited = /(RFC \d+|[\w./-]+\.md)`?\)?,? $/.exec(before)?.[1];
    if (cited?.startsWith('RFC')) return [];
    const wrong = sectionProblem(citing, cited, match[1]);
    return wrong ? [`${citing}: "${before.slice(-30)}${match[0]}": ${wrong}`] : [];
  });
}

function sectionProblem(citing: string, cited: string | undefined, section = ''): string | undefined {
  if (!cited && dirname(citing) !== REFERENCES) return `no ${REFERENCES}/… before the sign`;
  const page = cited ? fileNamed(cited, citing) : citing;
  if (!page || dirname(page) !== REFERENCES) return `${cited} is no page of ${REFERENCES}`;
  return sectionsOf(readFileSync(page, 'utf8')).has(section) ? undefined : `${page} has no section ${section}`;
}

/**
 * Pages that a text names and that do not exist. Outside of `docs` a page is named with its path. In the references only
 * links are checked: they also name files of other projects.
 */
function missingPages(citing: string, text: string): string[] {
  const links = extname(citing) === '.md' ? [...text.matchAll(/\]\(([\w./-]+\.md)[)#]/g)] : [];
  const paths = dirname(citing) === REFERENCES ? [] : [...text.matchAll(/(?<![\w./-])(docs\/[\w./-]+\.md)\b/g)];
  const bare = citing.startsWith('docs/') ? [] : [...text.matchAll(/(?<![\w./-])([\w-]+\.md)\b/g)];
  const decisions = [...text.matchAll(/docs\/decisions\/(\d{4})(?![\w-])/g)];
  return [
    ...decisions.filter(([, number = '']) => ![...pageNames()].some((page) => page.startsWith(`${number}-`))),
    ...[...links, ...paths].filter(([, name = '']) => !fileNamed(name, citing)),
    ...bare.filter(([, name = '']) => !existsSync(name) && pageNames().has(name)),
  ].map(([, name]) => `${citing}: no page ${name}`);
}

/** The names of the pages in `docs`, without their folders. */
const pageNames = (): ReadonlySet<string> => new Set(sources('docs').map((path) => basename(path)));

// Written so that this file itself contains no wrong citation.
const S = '\u00a7';
const PAGE = `${REFERENCES}/osquery-protocol.md`;
const GONE = `${REFERENCES}/gone.md`;

describe('a citation', () => {
  it.each([
    ['a section', `docs/spec/osquery-protocol.md ${S}3.5`],
    ['several', `(docs/spec/osquery-protocol.md ${S}5, ${S}8 and ${S}9.4)`],
    ['an appendix', `docs/spec/aws-events.md ${S}A.2`],
    ['one across two lines of a comment', `// as docs/spec/aws-events.md\n  // ${S}1.2,\n * ${S}1.6`],
    ['an RFC', `RFC 4291 ${S}2.5.5.2`],
  ])('of %s is accepted', (_, text) => {
    expect(wrongSections('lib/core/some.ts', text)).toEqual([]);
    expect(missingPages('lib/core/some.ts', text)).toEqual([]);
  });

  it('in a reference may mean that page, or one in the same folder', () => {
    expect(wrongSections('docs/spec/performance.md', `${S}3.2, [x](${basename(PAGE)}) ${S}2.1`)).toEqual([]);
    expect(wrongSections('docs/spec/performance.md', `see ${S}99`)).toHaveLength(1);
  });

  it.each([
    ['a missing section', `${PAGE} ${S}3.77`],
    ['a second, missing section', `${PAGE} ${S}5, ${S}99`],
    ['no section', `${PAGE} ${S}`],
    ['no page', `as ${S}3.5 says`],
    ['a missing page', `${GONE} ${S}3.5`],
    ['a page outside the references', `docs/performance.md ${S}3.1`],
    ['a page without its path', `${basename(PAGE)} ${S}3.5`],
  ])('of %s is rejected', (_, text) => {
    expect(wrongSections('lib/core/some.ts', text)).toHaveLength(1);
  });

  it('without a section is checked too', () => {
    expect(missingPages('lib/core/some.ts', `see ${GONE}`)).toHaveLength(1);
    expect(missingPages('lib/core/some.ts', `see ${basename(PAGE)}`)).toHaveLength(1);
    expect(missingPages('docs/hosts.md', `[a](${'runbook'}.md#throttles), [b](https://example.com/some.md)`)).toEqual(
      [],
    );
    expect(missingPages('docs/hosts.md', `[a](${basename(GONE)})`)).toHaveLength(1);
    expect(missingPages('lib/core/some.ts', 'docs/decisions/0001')).toEqual([]);
    expect(missingPages('lib/core/some.ts', `docs/decisions/${'0000'}`)).toHaveLength(1);
  });
});

describe('the repository', () => {
  const files = sources().map((path) => [path, readFileSync(path, 'utf8')] as const);

  it('cites only sections that exist', () => {
    expect(files.flatMap(([path, text]) => wrongSections(path, text))).toEqual([]);
  });

  it('names only pages that exist', () => {
    expect(files.flatMap(([path, text]) => missingPages(path, text))).toEqual([]);
  });

  it('cites each reference from its source', () => {
    const all = files.filter(([path]) => !path.startsWith('docs/')).map(([, text]) => text);
    const pages = ['osquery-protocol', 'aws-events', 'performance'].map((name) => `${REFERENCES}/${name}.md ${S}`);
    expect(pages.filter((page) => !all.some((text) => text.includes(page)))).toEqual([]);
  });
});
