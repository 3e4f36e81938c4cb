/**
 * JSON as osquery's parser (RapidJSON) sees it: members keep their order and their duplicates, and a number keeps its
 * notation, because `60` is an integer and `60.0` is not.
 */
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject;

export class JsonNumber {
  constructor(readonly text: string) {}

  get value(): number {
    return Number(this.text);
  }

  /** osquery's `IsInt`: written as an integer that fits in 32 bits. */
  get isInt32(): boolean {
    return /^-?\d+$/.test(this.text) && this.value === (this.value | 0);
  }
}

export class JsonObject {
  constructor(readonly members: readonly (readonly [string, Json])[]) {}

  /** The first member with that name. */
  get(name: string): Json | undefined {
    return this.members.find(([key]) => key === name)?.[1];
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }
}

/**
 * Parses one document. @throws {SyntaxError} for what RapidJSON refuses: a BOM, text after the document, control bytes
 */
export function parseJson(text: string): Json {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** Our nesting limit; osquery's own limits are far lower (a config may nest 32 levels). */
const MAX_DEPTH = 1000;

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  value(depth: number): Json {
    if (depth > MAX_DEPTH) throw new SyntaxError('nested too deeply');
    this.space();
    const first = this.text[this.at];
    if (first === '{') return this.object(depth);
    if (first === '[') return this.array(depth);
    if (first === '"') return this.string();
    if (this.word('true')) return true;
    if (this.word('false')) return false;
    if (this.word('null')) return null;
    return new JsonNumber(this.token(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y));
  }

  end(): void {
    this.space();
    if (this.at < this.text.length) throw new SyntaxError(`unexpected text at ${this.at}`);
  }

  private object(depth: number): JsonObject {
    const members: [string, Json][] = [];
    this.items('{', '}', () => {
      this.space();
      const key = this.string();
      this.space();
      this.expect(':');
      members.push([key, this.value(depth + 1)]);
    });
    return new JsonObject(members);
  }

  private array(depth: number): Json[] {
    const items: Json[] = [];
    this.items('[', ']', () => items.push(this.value(depth + 1)));
    return items;
  }

  private items(open: string, close: string, item: () => void): void {
    this.expect(open);
    this.space();
    if (this.word(close)) return;
    for (;;) {
      item();
      this.space();
      if (this.word(close)) return;
      this.expect(',');
    }
  }

  private string(): string {
    return JSON.parse(this.token(/"(?:[^"\\]|\\.)*"/sy)); // decodes escapes, rejects control characters
  }

  private token(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [token] = pattern.exec(this.text) ?? [];
    if (token === undefined) throw new SyntaxError(`unexpected text at ${this.at}`);
    this.at += token.length;
    return token;
  }

  private word(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  private expect(word: string): void {
    if (!this.word(word)) throw new SyntaxError(`expected ${word} at ${this.at}`);
  }

  private space(): void {
    while (' \t\n\r'.includes(this.text[this.at] ?? '?')) this.at++;
  }
}

/** Writes compact JSON like RapidJSON's writer; the output of JSON.stringify stays unchanged. */
export function writeJson(value: Json): string {
  if (value instanceof JsonNumber) return /^-?\d+$/.test(value.text) ? value.text : double(value.value);
  if (value instanceof JsonObject) {
    return `{${value.members.map(([key, member]) => `${quote(key)}:${writeJson(member)}`).join(',')}}`;
  }
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  return typeof value === 'string' ? quote(value) : String(value);
}

/** Differs from JSON.stringify only in the hex digits of `\u00XX`, which RapidJSON writes in upper case. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/\\(?:u(00..)|.)/g, (written, digits?: string) =>
    digits ? `\\u${digits.toUpperCase()}` : written,
  );
}

function double(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
}

/** The nesting depth of objects and arrays; the outermost counts as one. */
export function depthOf(value: Json): number {
  if (value instanceof JsonObject) return 1 + Math.max(0, ...value.members.map(([, member]) => depthOf(member)));
  if (Array.isArray(value)) return 1 + Math.max(0, ...value.map(depthOf));
  return 0;
}
