import { LocalError } from '../machine/local-error.ts';
import type { Resource } from '../template/template.ts';

/** A REST API as described by the template. */
export interface RestApi {
  readonly id: string;
  readonly stage: string;
  readonly stageVariables: Readonly<Record<string, string>> | null;
  readonly binaryMediaTypes: readonly string[];
  readonly root: RouteNode;
  readonly responses: ReadonlyMap<string, GatewayResponse>; // keyed by response type
  readonly throttle: Throttle | undefined;
}

export interface RouteNode {
  readonly id: string;
  readonly path: string; // the requestContext.resourcePath, such as "/{proxy+}"
  readonly children: readonly (RouteNode & { readonly part: string })[];
  readonly methods: ReadonlyMap<string, Method>; // keyed by HTTP method or "ANY"
}

interface Method {
  readonly functionArn: string;
  readonly timeoutMs: number;
}

export interface GatewayResponse {
  readonly status?: number;
  readonly templates: Readonly<Record<string, string>>; // keyed by content type
  readonly headers: Readonly<Record<string, string>>;
}

export interface Throttle {
  readonly ratePerSecond: number;
  readonly burst: number;
}

export interface Match {
  readonly node: RouteNode;
  readonly method: Method;
  readonly pathParameters: Readonly<Record<string, string>> | null;
}

/** The default integration timeout of a regional API, and its maximum without a raised quota. */
const INTEGRATION_TIMEOUT_MS = 29_000;

/**
 * @throws {LocalError} if the template has no REST API, several of them, or methods other than Lambda proxy
 *   integrations
 */
export function readRestApi(resources: readonly Resource[]): RestApi {
  const ofType = (type: string) => resources.filter((resource) => resource.type === `AWS::ApiGateway::${type}`);
  const [api, ...others] = ofType('RestApi');
  const [stage, ...otherStages] = ofType('Stage');
  if (!api || !stage || others.length + otherStages.length > 0)
    throw new LocalError('the template must have one REST API with one stage');
  const variables = stage.properties.Variables;
  return {
    id: api.name,
    stage: stage.name,
    stageVariables: typeof variables === 'object' ? (variables as Record<string, string>) : null,
    binaryMediaTypes: (api.properties.BinaryMediaTypes ?? []) as string[],
    root: routeNode(api.name, '', ofType('Resource'), ofType('Method')),
    responses: new Map(
      ofType('GatewayResponse').map(({ logicalId, properties }) => [
        String(properties.ResponseType),
        gatewayResponse(logicalId, properties),
      ]),
    ),
    throttle: throttleOf(stage),
  };
}

/**
 * Finds the method for a path. As in API Gateway, literal parts match before `{name}`, and `{name}` before `{name+}`.
 */
export function matchRoute(root: RouteNode, httpMethod: string, path: string): Match | undefined {
  const found = descend(
    root,
    path.split('/').filter((part) => part !== ''),
    [],
  );
  const method = found?.node.methods.get(httpMethod) ?? found?.node.methods.get('ANY');
  if (!found || !method) return undefined;
  return {
    node: found.node,
    method,
    pathParameters: found.parameters.length > 0 ? Object.fromEntries(found.parameters) : null,
  };
}

type Parameters = readonly (readonly [string, string])[];

function descend(
  node: RouteNode,
  parts: readonly string[],
  parameters: Parameters,
): { node: RouteNode; parameters: Parameters } | undefined {
  const [part, ...rest] = parts;
  if (part === undefined) return node.methods.size > 0 ? { node, parameters } : undefined;
  const named = (suffix: string) =>
    node.children.find((child) => child.part.startsWith('{') && child.part.endsWith(suffix));
  const literal = node.children.find((child) => child.part === part);
  const found = literal && descend(literal, rest, parameters);
  if (found) return found;
  const single = node.children.find((child) => /^\{[^+}]+\}$/.test(child.part));
  const bound = single && descend(single, rest, [...parameters, [single.part.slice(1, -1), decode(part)]]);
  if (bound) return bound;
  const greedy = named('+}');
  if (!greedy || greedy.methods.size === 0) return undefined;
  return { node: greedy, parameters: [...parameters, [greedy.part.slice(1, -2), decode(parts.join('/'))]] };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not valid percent-encoding: kept unchanged
  }
}

function routeNode(id: string, path: string, resources: readonly Resource[], methods: readonly Resource[]): RouteNode {
  const children = resources
    .filter(({ properties }) => properties.ParentId === id)
    .map((resource) => {
      const part = String(resource.properties.PathPart);
      return { ...routeNode(resource.name, `${path}/${part}`, resources, methods), part };
    });
  const own = methods.filter(({ properties }) => properties.ResourceId === id);
  return {
    id,
    path: path || '/',
    children,
    methods: new Map(own.map((method) => [String(method.properties.HttpMethod), readMethod(method)])),
  };
}

function readMethod({ logicalId, properties }: Resource): Method {
  const { AuthorizationType, ApiKeyRequired, Integration } = properties;
  if ((AuthorizationType ?? 'NONE') !== 'NONE' || ApiKeyRequired === true) {
    throw new LocalError(
      `${logicalId} (AWS::ApiGateway::Method): AuthorizationType and ApiKeyRequired are not implemented locally`,
    );
  }
  const { Type, Uri, TimeoutInMillis } = Object(Integration);
  const [, functionArn] = /:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/.exec(String(Uri)) ?? [];
  if (Type !== 'AWS_PROXY' || functionArn === undefined) {
    throw new LocalError(
      `${logicalId} (AWS::ApiGateway::Method): only Lambda proxy integrations are implemented locally`,
    );
  }
  return { functionArn, timeoutMs: Number(TimeoutInMillis ?? INTEGRATION_TIMEOUT_MS) };
}

function gatewayResponse(logicalId: string, properties: Resource['properties']): GatewayResponse {
  const headers = Object.entries(Object(properties.ResponseParameters)).map(([target, source]) => {
    const [, name] = /^gatewayresponse\.header\.(.+)$/.exec(target) ?? [];
    const [, text] = /^'(.*)'$/.exec(String(source)) ?? [];
    if (name === undefined || text === undefined) {
      throw new LocalError(
        `${logicalId} (AWS::ApiGateway::GatewayResponse): the parameter ${target} is not implemented locally, only headers of fixed text are`,
      );
    }
    return [name, text] as const;
  });
  return {
    status: properties.StatusCode === undefined ? undefined : Number(properties.StatusCode),
    templates: (properties.ResponseTemplates ?? {}) as Record<string, string>,
    headers: Object.fromEntries(headers),
  };
}

/** Returns the stage's throttle for all methods. Throttles of single methods are not implemented. */
function throttleOf({ logicalId, properties }: Resource): Throttle | undefined {
  const settings = (properties.MethodSettings ?? []) as Record<string, unknown>[];
  const throttled = settings.filter(
    (setting) => setting.ThrottlingRateLimit !== undefined || setting.ThrottlingBurstLimit !== undefined,
  );
  const [all, ...more] = throttled;
  if (!all) return undefined;
  if (more.length > 0 || all.ResourcePath !== '/*' || all.HttpMethod !== '*') {
    throw new LocalError(
      `${logicalId} (AWS::ApiGateway::Stage): throttling of single methods is not implemented locally`,
    );
  }
  const ratePerSecond = Number(all.ThrottlingRateLimit ?? Number.POSITIVE_INFINITY);
  return { ratePerSecond, burst: Number(all.ThrottlingBurstLimit ?? ratePerSecond) };
}
