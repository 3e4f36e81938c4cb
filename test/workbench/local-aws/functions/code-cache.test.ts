import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CodeCache } from '../../../../workbench/local-aws/functions/code-cache.js';
import { aFolder } from '../../../support/folder.ts';
import { aBundle } from '../support.ts';

/** Runs the bundle's code. @returns what it exports, and how many files the cache had to keep */
function runWith(folder: string, bundle: string) {
  const cache = new CodeCache(folder);
  const module = { exports: {} };
  cache.compile(path.join(bundle, 'index.js')).call(module.exports, module.exports, undefined, module);
  return [module.exports, cache.keep()];
}

const namesIn = (folder: string) => readdirSync(folder).sort();

describe('the code cache of functions', () => {
  it('keeps the compiled code of a file, for every environment that starts later', () => {
    const folder = aFolder();
    expect(runWith(folder, aBundle('exports.answer = 42'))).toEqual([{ answer: 42 }, 1]);
    expect(runWith(folder, aBundle('exports.answer = 42'))).toEqual([{ answer: 42 }, 0]);
    expect(namesIn(folder)).toHaveLength(1);
  });

  it('compiles a file of the same length with other contents again', () => {
    const folder = aFolder();
    runWith(folder, aBundle('exports.answer = 42'));
    expect(runWith(folder, aBundle('exports.answer = 24'))).toEqual([{ answer: 24 }, 1]);
  });

  it('replaces what V8 cannot use', () => {
    // Each run has a bundle of its own: what this thread has compiled it does not read again.
    const run = () => runWith(folder, aBundle('exports.answer = 42'));
    const folder = aFolder();
    run();
    const [name = ''] = namesIn(folder);
    writeFileSync(path.join(folder, name), 'damaged');
    expect(run()).toEqual([{ answer: 42 }, 1]);
    expect(run()).toEqual([{ answer: 42 }, 0]);
  });

  it('removes what is older than a day', () => {
    const folder = aFolder();
    const [old, recent] = ['old', 'recent'].map((name) => path.join(folder, name)) as [string, string];
    for (const file of [old, recent]) writeFileSync(file, '');
    const nowSeconds = statSync(recent).mtimeMs / 1000;
    utimesSync(old, nowSeconds, nowSeconds - 25 * 3600);
    utimesSync(recent, nowSeconds, nowSeconds - 23 * 3600);
    runWith(folder, aBundle('exports.answer = 42'));
    expect(namesIn(folder)).toContain('recent');
    expect(namesIn(folder)).not.toContain('old');
  });

  it('runs a function even if its folder cannot be written', () => {
    const file = path.join(aFolder(), 'file');
    writeFileSync(file, '');
    expect(runWith(path.join(file, 'folder'), aBundle('exports.answer = 42'))).toEqual([{ answer: 42 }, 1]);
  });
});
