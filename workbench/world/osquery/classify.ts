import { type Json, JsonNumber, JsonObject, parseJson } from './json.ts';

/** How osquery judges a response body. It ignores the HTTP status. */
export type Verdict =
  | { readonly kind: 'ok'; readonly document: Json }
  | { readonly kind: 'fail'; readonly reason: string; readonly nodeInvalid: boolean }
  /** A bare number or string makes a real worker read memory it does not own. */
  | { readonly kind: 'crash'; readonly reason: string };

/** The outcome of a request: the document, or why there is none. */
export type Reply = { readonly document: Json } | { readonly failure: string };

/** Reads a body as osquery parses it: up to the first NUL; an empty body means `{}`. */
export function parseBody(body: Uint8Array): Verdict {
  const text = Buffer.from(body).toString('utf8');
  if (text === '') return { kind: 'ok', document: new JsonObject([]) };
  const end = text.indexOf('\0');
  let document: Json;
  try {
    document = parseJson(end < 0 ? text : text.slice(0, end));
  } catch (error) {
    return fail(`not JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (typeof document === 'string') return { kind: 'crash', reason: 'the body is a bare string' };
  if (document instanceof JsonNumber && document.value !== 0) return { kind: 'crash', reason: 'the body is a number' };
  return { kind: 'ok', document };
}

/** The verdict for config, log and distributed: `error` fails with any value, `node_invalid` only with `true`. */
export function classify(body: Uint8Array): Verdict {
  const parsed = parseBody(body);
  if (parsed.kind !== 'ok' || !(parsed.document instanceof JsonObject)) return parsed;
  const error = parsed.document.get('error');
  const text = typeof error === 'string' && error !== '' ? `: ${error}` : '';
  if (parsed.document.get('node_invalid') === true) {
    return { kind: 'fail', reason: `node_invalid${text}`, nodeInvalid: true };
  }
  if (error !== undefined) return fail(`error${text}`);
  return parsed;
}

function fail(reason: string): Verdict {
  return { kind: 'fail', reason, nodeInvalid: false };
}
