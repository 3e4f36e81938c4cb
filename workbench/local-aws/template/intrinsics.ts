import { LocalError } from '../machine/local-error.ts';

/** Resolves the references of a template to other parts of it. */
export interface Lookups {
  ref(logicalId: string): unknown;
  attribute(logicalId: string, attribute: string): unknown;
}

/**
 * Replaces CloudFormation's intrinsic functions in `value` by their local values. Supports the functions that our own
 * templates use.
 *
 * @param where path for messages, such as `Fn.Properties.Environment`
 * @throws {LocalError} for a function that the runner does not implement, and for one with malformed arguments
 */
export function resolve(value: unknown, lookups: Lookups, where: string): unknown {
  if (Array.isArray(value)) {
    return value.map((item, i) => resolve(item, lookups, `${where}[${i}]`));
  }
  if (typeof value === 'string' && value.includes('{{resolve:')) {
    throw new LocalError(`${where}: dynamic references are not implemented locally: ${value}`);
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only && (only[0] === 'Ref' || only[0].startsWith('Fn::')))
    return call(only[0], only[1], lookups, where);
  return Object.fromEntries(entries.map(([key, item]) => [key, resolve(item, lookups, `${where}.${key}`)]));
}

function call(name: string, argument: unknown, lookups: Lookups, where: string): unknown {
  const at = `${where}.${name}`;
  const malformed = () => new LocalError(`${at}: malformed arguments ${JSON.stringify(argument)}`);
  const list = (): unknown[] => {
    const items = resolve(argument, lookups, at);
    if (!Array.isArray(items)) throw malformed();
    return items;
  };
  const string = (item: unknown): string => {
    if (typeof item !== 'string' && typeof item !== 'number') throw malformed();
    return String(item);
  };

  switch (name) {
    case 'Ref':
      return lookups.ref(string(argument));
    case 'Fn::GetAtt': {
      const [id, ...rest] = typeof argument === 'string' ? argument.split('.') : list();
      return lookups.attribute(string(id), rest.map(string).join('.'));
    }
    case 'Fn::Join': {
      const [separator, parts] = list();
      if (!Array.isArray(parts)) throw malformed();
      return parts.map(string).join(string(separator));
    }
    case 'Fn::Sub': {
      const [text, variables] = Array.isArray(argument) ? argument : [argument, {}];
      return substitute(string(text), variables, lookups, at);
    }
    default:
      throw new LocalError(`${at}: the function ${name} is not implemented locally`);
  }
}

/** Substitutes `${Name}`, `${Resource.Attribute}` and `${Variable}`; turns `${!Text}` into `${Text}`. */
function substitute(text: string, variables: unknown, lookups: Lookups, where: string): string {
  const own = Object(resolve(variables, lookups, where));
  return text.replace(/\$\{([^}]*)\}/g, (_, expression: string) => {
    if (expression.startsWith('!')) return `\${${expression.slice(1)}}`;
    if (Object.hasOwn(own, expression)) return String(own[expression]);
    const [id = '', ...attribute] = expression.split('.');
    return String(attribute.length > 0 ? lookups.attribute(id, attribute.join('.')) : lookups.ref(id));
  });
}
