// @ts-check
// Plain JavaScript, because the environments of functions have no module loader.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { fileURLToPath } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
import { constants, Script } from 'node:vm';
import { threadId } from 'node:worker_threads';

const FOLDER = fileURLToPath(new URL('../../../node_modules/.cache/mayfly-functions', import.meta.url));
const DAY_MS = 86_400_000;

/** Keeps on disk what V8 compiled for the files of functions: compiling takes half of the CPU of a start. */
export class CodeCache {
  #folder;
  /** @type {Map<string, Script>} */
  #unkept = new Map();

  constructor(folder = FOLDER) {
    this.#folder = folder;
  }

  /**
   * Compiles a CommonJS file.
   *
   * @param {string} filename
   * @returns {Function} what Node calls with `exports`, `require`, `module` and so on
   */
  compile(filename) {
    const source = Module.wrap(readFileSync(filename, 'utf8'));
    const digest = createHash('sha1').update(`${cachedDataVersionTag()} ${source}`).digest('hex');
    const kept = `${this.#folder}/${digest}`;
    const isKept = !/\bimport\s*\(/.test(source); // a script from kept code cannot import, and our bundles `require`
    const script = new Script(source, {
      filename,
      cachedData: isKept ? contentsOf(kept) : undefined,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    if (isKept && script.cachedDataRejected !== false) this.#unkept.set(kept, script);
    return script.runInThisContext();
  }

  /**
   * Keeps what is not kept yet. After an invocation, that includes the functions that V8 compiles when they are called.
   *
   * @returns {number} how many files were not kept yet
   */
  keep() {
    const unkept = [...this.#unkept];
    this.#unkept.clear();
    try {
      for (const [file, script] of unkept) this.#write(file, script.createCachedData());
    } catch {
      // A folder that cannot be written costs time and nothing else.
    }
    return unkept.length;
  }

  /**
   * Removes what is older than a day: each version of a function has a file of about 1 MB.
   *
   * @param {string} file
   * @param {Buffer} data
   */
  #write(file, data) {
    mkdirSync(this.#folder, { recursive: true });
    for (const name of readdirSync(this.#folder)) {
      const other = `${this.#folder}/${name}`;
      const writtenAtMs = statSync(other, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (Date.now() - writtenAtMs > DAY_MS) rmSync(other, { force: true });
    }
    const unfinished = `${file}.${process.pid}.${threadId}`; // other environments may write the same file
    writeFileSync(unfinished, data);
    renameSync(unfinished, file);
  }
}

/** @type {(file: string) => Buffer | undefined} */
function contentsOf(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
