import { AwsError } from './aws-error.ts';

/** A form's value under one name: text, a list, or a nested form. */
export type FormValue = string | readonly FormValue[] | Form;
export interface Form {
  readonly [name: string]: FormValue;
}

type Branch = Map<string, string | Branch>;

/**
 * Parses the body of AWS's query protocols, a form whose names are paths: `Filter.1.Value.2=x`. Numbered names form a
 * list in numeric order, directly under its name (EC2) or under `member` (other services).
 *
 * @throws {AwsError} `MalformedQueryString` if a name occurs twice, or is both a value and a path
 * @see Smithy, "AWS EC2 query protocol" and "AWS query protocol"
 */
export function readForm(body: string): Form {
  const root: Branch = new Map();
  for (const [path, text] of new URLSearchParams(body)) plant(root, path, text);
  return formOf(root);
}

function plant(root: Branch, path: string, text: string): void {
  const names = path.split('.');
  const last = names.pop() ?? '';
  let branch = root;
  for (const name of names) {
    const next: string | Branch = branch.get(name) ?? new Map();
    if (typeof next === 'string') throw malformed(path);
    branch.set(name, next);
    branch = next;
  }
  if (branch.has(last)) throw malformed(path);
  branch.set(last, text);
}

const malformed = (path: string) => new AwsError('MalformedQueryString', `${path} contradicts the rest of the form`);

function read(node: string | Branch): FormValue {
  if (typeof node === 'string') return node;
  const members = node.size === 1 ? node.get('member') : undefined;
  if (members instanceof Map && isList(members)) return listOf(members);
  return isList(node) ? listOf(node) : formOf(node);
}

const isList = (branch: Branch) => [...branch.keys()].every((name) => /^[1-9]\d*$/.test(name));

const listOf = (branch: Branch): FormValue[] =>
  [...branch].sort(([a], [b]) => Number(a) - Number(b)).map(([, node]) => read(node));

/** Builds an object from a branch. `fromEntries` defines own properties, so a name such as `__proto__` is safe. */
const formOf = (branch: Branch): Form => Object.fromEntries([...branch].map(([name, node]) => [name, read(node)]));
