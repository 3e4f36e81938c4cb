import { type Json, record } from '../machine/json.ts';
import { LocalError } from '../machine/local-error.ts';
import { type Lookups, resolve } from './intrinsics.ts';
import { NoEffect, type PropertySchema, type PropertyTable, type ResourceType, USED } from './property-schema.ts';
import { RESOURCE_TYPES } from './resource-types.ts';

/**
 * A resource of the template as it exists on this machine. `properties` contains the resolved properties that the
 * runner uses.
 */
export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  readonly name: string;
  readonly arn: string;
  readonly properties: Json;
}

export interface Template {
  readonly resources: readonly Resource[];
  /** Resolves the outputs whose name matches. @returns triples of `[name, value, description]` */
  outputs(name: RegExp): [string, unknown, string][];
}

export interface StackScope {
  readonly stackName: string;
  readonly account: string;
  readonly region: string;
}

const SECTIONS = ['Description', 'Parameters', 'Rules', 'Resources', 'Outputs'];

/** Checks and resolves a template. @throws {LocalError} naming anything the runner does not know */
export function readTemplate(template: Json, stack: StackScope): Template {
  const section = Object.keys(template).find((key) => !SECTIONS.includes(key));
  if (section) throw new LocalError(`the template has a section ${section}, which is not implemented locally`);
  const lookups = lookupsOf(template, stack);
  const resources = Object.entries(record(template.Resources)).map(([logicalId, resource]): Resource => {
    const type = typeOf(logicalId, record(resource));
    const where = `${logicalId} (${record(resource).Type})`;
    const properties = record(record(resource).Properties ?? {});
    const { name, arn } = identityOf(logicalId, record(resource), lookups, stack);
    return {
      logicalId,
      type: String(record(resource).Type),
      name,
      arn,
      properties:
        type.properties instanceof NoEffect ? {} : readProperties(type.properties, properties, lookups, where),
    };
  });
  const outputs = (name: RegExp) =>
    Object.entries(record(template.Outputs ?? {}))
      .filter(([key]) => name.test(key))
      .map(([key, output]): [string, unknown, string] => {
        const { Value, Description = '' } = record(output);
        return [key, resolve(Value, lookups, `Outputs.${key}`), String(Description)];
      });
  return { resources, outputs };
}

/**
 * Resolves the properties that the table uses. Omits those without effect and throws for those that the table does not
 * list.
 */
function readProperties(table: PropertyTable, raw: Json, lookups: Lookups, where: string): Json {
  const result: Json = {};
  for (const [property, value] of Object.entries(raw)) {
    if (!Object.hasOwn(table, property))
      throw new LocalError(`${where}: the property ${property} is not implemented locally`);
    const schema = table[property];
    if (schema === undefined || schema instanceof NoEffect) continue;
    result[property] = readProperty(schema, value, lookups, `${where}.${property}`);
  }
  return result;
}

function readProperty(
  schema: Exclude<PropertySchema, NoEffect>,
  value: unknown,
  lookups: Lookups,
  where: string,
): unknown {
  if (schema === USED) return resolve(value, lookups, where);
  if (!isList(schema)) return readProperties(schema, record(value, where), lookups, where);
  if (!Array.isArray(value)) throw new LocalError(`${where}: must be a list`);
  return value.map((item, i) => readProperties(schema[0], record(item, where), lookups, `${where}[${i}]`));
}

const isList = (schema: PropertyTable | readonly [PropertyTable]): schema is readonly [PropertyTable] =>
  Array.isArray(schema);

function lookupsOf(template: Json, stack: StackScope): Lookups {
  const resources = record(template.Resources);
  const parameters = record(template.Parameters ?? {});
  const pseudo: Json = {
    'AWS::AccountId': stack.account,
    'AWS::Region': stack.region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
  };
  const resource = (logicalId: string): Json => {
    if (!Object.hasOwn(resources, logicalId))
      throw new LocalError(`the template refers to ${logicalId}, which it does not have`);
    return record(resources[logicalId]);
  };
  const lookups: Lookups = {
    ref: (logicalId) => {
      if (Object.hasOwn(pseudo, logicalId)) return pseudo[logicalId];
      if (Object.hasOwn(parameters, logicalId)) return record(parameters[logicalId]).Default ?? '';
      const type = typeOf(logicalId, resource(logicalId));
      return identityOf(logicalId, resource(logicalId), lookups, stack)[type.ref ?? 'name'];
    },
    attribute: (logicalId, attribute) => {
      const type = typeOf(logicalId, resource(logicalId));
      const wanted = attribute === 'Arn' && type.arn ? 'arn' : type.attributes?.[attribute];
      if (!wanted)
        throw new LocalError(
          `${logicalId} (${resource(logicalId).Type}): the attribute ${attribute} is not implemented locally`,
        );
      return identityOf(logicalId, resource(logicalId), lookups, stack)[wanted];
    },
  };
  return lookups;
}

function typeOf(logicalId: string, resource: Json): ResourceType {
  const type = String(resource.Type);
  const known = Object.hasOwn(RESOURCE_TYPES, type) ? RESOURCE_TYPES[type] : undefined;
  if (!known) throw new LocalError(`${logicalId}: the resource type ${type} is not implemented locally`);
  return known;
}

function identityOf(logicalId: string, resource: Json, lookups: Lookups, stack: StackScope) {
  const { nameProperty, arn } = typeOf(logicalId, resource);
  const given = nameProperty
    ? resolve(record(resource.Properties ?? {})[nameProperty], lookups, `${logicalId}.${nameProperty}`)
    : undefined;
  const name = typeof given === 'string' ? given : `${stack.stackName}-${logicalId}`;
  const scope = arn?.global ? (arn.service === 's3' ? ':' : `:${stack.account}`) : `${stack.region}:${stack.account}`;
  return {
    name,
    arn: arn ? `arn:aws:${arn.service}:${scope}:${arn.resource.replace('{name}', () => name)}` : name,
    url: `https://${arn?.service}.${stack.region}.amazonaws.com/${stack.account}/${name}`,
  };
}
