import { LocalError } from './local-error.ts';

/** Answers what a template asks about other parts of it. */
export interface Lookups {
  ref(logicalId: string): unknown;
  attribute(logicalId: string, attribute: string): unknown;
  mapping(map: string, first: string, second: string): unknown;
  condition(name: string): boolean;
}

/** What `AWS::NoValue` leaves: the property or element is as if it were not written. */
export const NO_VALUE = Symbol('AWS::NoValue');

/**
 * Replaces CloudFormation's intrinsic functions in `value` by what they give on this machine.
 *
 * @param where path for messages, such as `Fn.Properties.Environment`
 * @throws {LocalError} for a function that the runner does not implement, and for one with malformed arguments
 */
export function resolve(value: unknown, lookups: Lookups, where: string): unknown {
  if (Array.isArray(value)) {
    return value.map((item, i) => resolve(item, lookups, `${where}[${i}]`)).filter((item) => item !== NO_VALUE);
  }
  if (typeof value === 'string' && value.includes('{{resolve:')) {
    throw new LocalError(`${where}: dynamic references are not implemented locally: ${value}`);
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only && (only[0] === 'Ref' || only[0] === 'Condition' || only[0].startsWith('Fn::'))) {
    // "Condition" is also a plain key (IAM); as a function its argument is a name.
    if (only[0] !== 'Condition' || typeof only[1] === 'string') return call(only[0], only[1], lookups, where);
  }
  return Object.fromEntries(
    entries
      .map(([key, item]) => [key, resolve(item, lookups, `${where}.${key}`)] as const)
      .filter(([, item]) => item !== NO_VALUE),
  );
}

function call(name: string, argument: unknown, lookups: Lookups, where: string): unknown {
  const at = `${where}.${name}`;
  const malformed = () => new LocalError(`${at}: malformed arguments ${JSON.stringify(argument)}`);
  const resolved = () => resolve(argument, lookups, at);
  const list = (): unknown[] => {
    const items = resolved();
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
    case 'Condition':
      return lookups.condition(string(argument));
    case 'Fn::GetAtt': {
      const [id, ...rest] = typeof argument === 'string' ? argument.split('.') : list();
      return lookups.attribute(string(id), rest.map(string).join('.'));
    }
    case 'Fn::Join': {
      const [separator, parts] = list();
      if (!Array.isArray(parts)) throw malformed();
      return parts.map(string).join(string(separator));
    }
    case 'Fn::Split': {
      const [separator, text] = list();
      return string(text).split(string(separator));
    }
    case 'Fn::Select': {
      const [index, items] = list();
      if (!Array.isArray(items) || !(Number(index) in items)) throw malformed();
      return items[Number(index)];
    }
    case 'Fn::Sub': {
      const [text, variables] = Array.isArray(argument) ? argument : [argument, {}];
      return substitute(string(text), variables, lookups, at);
    }
    case 'Fn::FindInMap': {
      const [map, first, second] = list().map(string);
      return lookups.mapping(map ?? '', first ?? '', second ?? '');
    }
    case 'Fn::Base64':
      return Buffer.from(string(resolved())).toString('base64');
    case 'Fn::If': {
      // Only the branch taken is looked at: the other may ask for what does not exist.
      if (!Array.isArray(argument) || argument.length !== 3) throw malformed();
      const chosen = lookups.condition(string(argument[0])) ? argument[1] : argument[2];
      return resolve(chosen, lookups, at);
    }
    case 'Fn::Equals': {
      const [left, right] = list();
      return JSON.stringify(left) === JSON.stringify(right);
    }
    case 'Fn::And':
      return list().every((item) => item === true);
    case 'Fn::Or':
      return list().some((item) => item === true);
    case 'Fn::Not':
      return list()[0] !== true;
    default:
      throw new LocalError(`${at}: the function ${name} is not implemented locally`);
  }
}

/** `${Name}`, `${Resource.Attribute}`, `${Variable}`; `${!Text}` stays `${Text}`. */
function substitute(text: string, variables: unknown, lookups: Lookups, where: string): string {
  const own = Object(resolve(variables, lookups, where));
  return text.replace(/\$\{([^}]*)\}/g, (_, expression: string) => {
    if (expression.startsWith('!')) return `\${${expression.slice(1)}}`;
    if (Object.hasOwn(own, expression)) return String(own[expression]);
    const [id = '', ...attribute] = expression.split('.');
    return String(attribute.length > 0 ? lookups.attribute(id, attribute.join('.')) : lookups.ref(id));
  });
}
