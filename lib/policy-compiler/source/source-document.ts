import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, Scalar } from 'yaml';

import { type CleanText, stripOsqueryJson } from './osquery-json.ts';
import type { Position, Problem } from './problem.ts';
import { offsetInScalar } from './scalar-offset.ts';

/** The path of a value in a document: keys and indices from the root. */
export type Path = readonly PropertyKey[];

/** No file written by hand is larger. A larger one is a mistake or an attack, and is not parsed. */
export const MAX_FILE_CHARACTERS = 1_000_000;
/** The most values in one file with aliases expanded. It stops cycles and "billion laughs" files. */
const MAX_VALUES = 50_000;
const MAX_DEPTH = 64;

interface Location {
  readonly key?: number; // offset of the key that leads here
  readonly value: number; // offset of the value itself
  readonly node?: Scalar;
}

class Unreadable extends Error {
  constructor(
    message: string,
    readonly offset = 0,
  ) {
    super(message);
  }
}

/** Editors on Windows write the mark. The YAML parser counts it as indentation, and refuses a list that follows it. */
function withoutByteOrderMark(text: string): CleanText {
  const from = text.startsWith('\ufeff') ? 1 : 0;
  return { text: text.slice(from), original: (offset) => offset + from };
}

/** One file of a policy: its value, and the line and column of each part. */
export class SourceDocument {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  private readonly locations = new Map<string, Location>();
  private readonly lines = new LineCounter();
  private readonly original: (offset: number) => number;
  private readonly anchors = new Map<string, Node>();
  private values = 0;
  private cleanText = '';

  constructor(
    readonly file: string,
    readonly text: string,
  ) {
    const isJson = /\.(conf|json)$/.test(file);
    const clean = isJson ? stripOsqueryJson(text) : withoutByteOrderMark(text);
    this.original = clean.original;
    this.lines.lineStarts.push(0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1));
    const problems: Problem[] = [];
    this.value = this.parse(clean.text, isJson, problems);
    this.problems = problems;
  }

  /** The position of the value at `path`, or of its key; for an absent value, the position of its parent. */
  position(path: Path = [], part: 'key' | 'value' = 'value'): Position {
    for (let length = path.length; length >= 0; length--) {
      const location = this.locations.get(keyOf(path.slice(0, length)));
      if (!location) continue;
      const wantsKey = part === 'key' || length < path.length;
      return this.at(wantsKey ? (location.key ?? location.value) : location.value);
    }
    return { line: 1, column: 1 };
  }

  /** The position of the character at `offset` of the text at `path`; the start of the text if it cannot be found. */
  positionIn(path: Path, offset: number): Position {
    const location = this.locations.get(keyOf(path));
    const node = location?.node;
    if (!location || !node || typeof node.value !== 'string' || !node.range) return this.position(path);
    const [start, end] = node.range;
    const written = this.cleanText.slice(start, end);
    const inside = offsetInScalar(written, node.type, node.value, offset);
    return this.at(start + (inside ?? 0));
  }

  error(path: Path, message: string, hint?: string): Problem {
    return this.problem('error', this.position(path), message, hint);
  }

  warning(path: Path, message: string, hint?: string): Problem {
    return this.problem('warning', this.position(path), message, hint);
  }

  problem(severity: Problem['severity'], position: Position, message: string, hint?: string): Problem {
    return { severity, file: this.file, ...position, message, hint };
  }

  private at(offset: number): Position {
    const { line, col } = this.lines.linePos(Math.min(this.original(offset), this.text.length));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  private parse(text: string, isJson: boolean, problems: Problem[]): unknown {
    this.cleanText = text;
    try {
      const document = parseDocument(text, { prettyErrors: false, logLevel: 'error', uniqueKeys: true });
      for (const error of document.errors) {
        const hint = /^ *\t/m.test(text) && !isJson ? 'indent with spaces: YAML does not allow tabs' : undefined;
        problems.push(
          this.problem('error', this.at(error.pos[0]), `not valid ${isJson ? 'JSON' : 'YAML'}: ${error.message}`, hint),
        );
      }
      for (const warning of document.warnings) {
        problems.push(this.problem('warning', this.at(warning.pos[0]), warning.message));
      }
      if (document.errors.length > 0 || !document.contents) return undefined;
      return this.read(document.contents, [], new Set());
    } catch (error) {
      if (!(error instanceof Unreadable) && !(error instanceof RangeError)) throw error;
      const [message, offset] = error instanceof Unreadable ? [error.message, error.offset] : ['nested too deeply', 0];
      problems.push(this.problem('error', this.at(offset), message));
      return undefined;
    }
  }

  /** Returns the value of a node, and records its position. */
  private read(node: Node, path: Path, above: ReadonlySet<Node>, key?: number): unknown {
    this.values++;
    if (this.values > MAX_VALUES) {
      throw new Unreadable(`more than ${MAX_VALUES} values once aliases are written out: is an alias used in itself?`);
    }
    if (path.length > MAX_DEPTH) throw new Unreadable(`nested deeper than ${MAX_DEPTH} levels`);
    if (isAlias(node)) {
      const target = this.anchors.get(node.source);
      if (!target) throw new Unreadable(`the alias *${node.source} names no anchor`, node.range?.[0]);
      if (above.has(target))
        throw new Unreadable(`the alias *${node.source} is used inside what it names`, node.range?.[0]);
      return this.read(target, path, above, key);
    }
    if (node.anchor) this.anchors.set(node.anchor, node);
    const start = node.range?.[0] ?? 0;
    this.locations.set(keyOf(path), {
      key,
      value: start,
      node: isScalar(node) ? node : undefined,
    });
    if (isScalar(node)) return node.value;
    const inside = new Set(above).add(node);
    if (isSeq<Node>(node)) {
      return node.items.map((item, index) => this.read(item, [...path, index], inside));
    }
    if (!isMap<Node, Node | null>(node)) return undefined;
    return Object.fromEntries(
      node.items.map((pair) => {
        const name = isScalar(pair.key) ? String(pair.key.value ?? '') : '(not a name)';
        const at = pair.key.range?.[0];
        const value = pair.value ?? new Scalar(null);
        if (!value.range && at !== undefined) value.range = [at, at, at];
        return [name, this.read(value, [...path, name], inside, at)];
      }),
    );
  }
}

const keyOf = (path: Path): string => path.map(String).join('\0');
