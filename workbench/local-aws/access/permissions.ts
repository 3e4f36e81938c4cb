import { record } from '../machine/json.ts';
import type { Resource } from '../template/template.ts';

/** One thing that a request wants to do: an action of IAM on a resource. */
export interface Demand {
  readonly action: string; // "dynamodb:GetItem"
  /** The ARN; unknown where the request does not name one resource. */
  readonly resource: string | undefined;
  /** Keys of the condition context, such as `dynamodb:LeadingKeys`. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

/** A statement of a policy that allows something. */
interface Statement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
}

interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** What a role may do, by its policies in the template. */
export class Permissions {
  readonly statements: readonly Statement[];

  constructor(statements: readonly Statement[]) {
    this.statements = statements;
  }

  /** Whether a statement allows the demand. These policies have no denials. */
  allows(demand: Demand): boolean {
    return this.statements.some((statement) => isAllowed(statement, demand));
  }
}

/**
 * The permissions of each role, by its name: the inline policies of the template.
 *
 * @throws {Error} for a statement or a condition that this evaluation does not know
 */
export function permissionsOf(resources: readonly Resource[]): ReadonlyMap<string, Permissions> {
  const statements = new Map<string, Statement[]>();
  for (const { type, logicalId, properties } of resources) {
    if (type !== 'AWS::IAM::Policy') continue;
    const own = listOf(record(properties.PolicyDocument).Statement).map((one) => statementOf(record(one), logicalId));
    for (const role of listOf(properties.Roles).map(String))
      statements.set(role, [...(statements.get(role) ?? []), ...own]);
  }
  return new Map([...statements].map(([role, its]) => [role, new Permissions(its)]));
}

function statementOf(statement: Readonly<Record<string, unknown>>, where: string): Statement {
  const { Effect, Action, Resource, Condition, Sid: _, ...others } = statement;
  const [other] = Object.keys(others);
  if (Effect !== 'Allow' || other !== undefined)
    throw new Error(`${where} (AWS::IAM::Policy): ${other ?? `the effect ${Effect}`} is not implemented locally`);
  const conditions = Object.entries(record(Condition ?? {})).flatMap(([operator, keys]) =>
    Object.entries(record(keys)).map(([key, values]) => ({ operator, key, values: listOf(values).map(String) })),
  );
  const unknown = conditions.find(({ operator }) => !Object.hasOwn(OPERATORS, operator));
  if (unknown)
    throw new Error(`${where} (AWS::IAM::Policy): the condition ${unknown.operator} is not implemented locally`);
  return { actions: listOf(Action).map(String), resources: listOf(Resource).map(String), conditions };
}

const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

function isAllowed({ actions, resources, conditions }: Statement, { action, resource, context }: Demand): boolean {
  return (
    actions.some((pattern) => isLike(action, pattern)) &&
    (resource === undefined || resources.some((pattern) => isLike(resource, pattern))) &&
    conditions.every(({ operator, key, values }) => OPERATORS[operator]?.(context[key], values))
  );
}

type Operator = (found: readonly string[] | undefined, values: readonly string[]) => boolean;

/** @see IAM User Guide, "Condition operators", and "Set operators for multivalued context keys" */
const OPERATORS: Readonly<Record<string, Operator>> = {
  'ForAllValues:StringLike': (found = [], values) => found.every((one) => values.some((value) => isLike(one, value))),
  Null: (found, [isMissing]) => (found === undefined) === (isMissing === 'true'),
};

/** Compares text with a pattern of IAM, in which `*` stands for any text and `?` for one character. */
function isLike(text: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}
