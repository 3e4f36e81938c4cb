/** A value of osquery's table specs. They use a small subset of Python: texts, numbers, names, lists, and calls. */
export type SpecValue = string | number | boolean | SpecValue[] | SpecName | SpecCall;

/** A name such as `BIGINT` or `LINUX`, or names joined by `+`. */
export interface SpecName {
  readonly names: readonly string[];
}

/** A call such as `Column("pid", BIGINT, "Process id", index=True)`. */
export interface SpecCall {
  readonly call: string;
  readonly args: readonly SpecValue[];
  readonly named: Readonly<Record<string, SpecValue>>;
}

const TOKEN =
  /\s+|#[^\n]*|("""|''')([\s\S]*?)\1|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|[A-Za-z_]\w*|-?\d+|[()[\],=+]/gy;

type Token = { readonly kind: 'text' | 'word' | 'mark'; readonly value: string };

/**
 * Parses a spec into its calls, in file order.
 *
 * @throws with the text that it cannot parse
 * @example readSpec('table_name("uptime")') // [{ call: 'table_name', args: ['uptime'], named: {} }]
 */
export function readSpec(text: string): SpecCall[] {
  const reader = new Reader(tokens(text));
  const calls: SpecCall[] = [];
  while (!reader.isAtEnd) calls.push(reader.call());
  return calls;
}

export const isCall = (value: SpecValue | undefined, name?: string): value is SpecCall =>
  typeof value === 'object' && 'call' in value && (name === undefined || value.call === name);

export const namesIn = (value: SpecValue | undefined): readonly string[] =>
  typeof value === 'object' && 'names' in value ? value.names : [];

function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new Error(`cannot read the spec at: ${text.slice(at, at + 40)}`);
    const [all, , long, double, single] = match;
    const quoted = long ?? double ?? single;
    if (quoted !== undefined) found.push({ kind: 'text', value: quoted });
    else if (/^\w|^-\d/.test(all)) found.push({ kind: 'word', value: all });
    else if (!/^[\s#]/.test(all)) found.push({ kind: 'mark', value: all });
  }
  return found;
}

class Reader {
  private at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  get isAtEnd(): boolean {
    return this.at >= this.tokens.length;
  }

  call(): SpecCall {
    const value = this.value();
    if (!isCall(value)) throw new Error(`a spec consists of calls, and this is not a call: ${JSON.stringify(value)}`);
    return value;
  }

  private value(): SpecValue {
    const token = this.next();
    if (token.kind === 'text') return this.text(token.value);
    if (token.kind === 'mark') {
      if (token.value === '[') return this.list();
      if (token.value === '(') return this.group();
      throw new Error(`unexpected ${token.value} in a spec`);
    }
    if (/^-?\d/.test(token.value)) return Number(token.value);
    if (token.value === 'True' || token.value === 'False') return token.value === 'True';
    if (this.skip('(')) return { call: token.value, ...this.parameters() };
    const names = [token.value];
    while (this.skip('+')) names.push(this.next().value);
    return { names };
  }

  /** Joins adjacent string literals, as Python does. */
  private text(first: string): string {
    let all = first;
    while (this.tokens[this.at]?.kind === 'text') all += this.next().value;
    return all;
  }

  private group(): SpecValue {
    const value = this.value();
    if (!this.skip(')')) throw new Error('a bracket of the spec is not closed');
    return value;
  }

  private list(): SpecValue[] {
    const values: SpecValue[] = [];
    while (!this.skip(']')) {
      values.push(this.value());
      this.skip(',');
    }
    return values;
  }

  private parameters(): Pick<SpecCall, 'args' | 'named'> {
    const args: SpecValue[] = [];
    const named: Record<string, SpecValue> = {};
    while (!this.skip(')')) {
      const [name, sign] = [this.tokens[this.at], this.tokens[this.at + 1]];
      if (name?.kind === 'word' && sign?.kind === 'mark' && sign.value === '=') {
        this.at += 2;
        named[name.value] = this.value();
      } else {
        args.push(this.value());
      }
      this.skip(',');
    }
    return { args, named };
  }

  private next(): Token {
    const token = this.tokens[this.at];
    if (!token) throw new Error('the spec ends in the middle of a call');
    this.at++;
    return token;
  }

  private skip(mark: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'mark' || token.value !== mark) return false;
    this.at++;
    return true;
  }
}
