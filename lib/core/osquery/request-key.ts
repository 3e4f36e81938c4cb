/** The node key in the header, which agents send since 5.23.0. @example keyInHeader('NodeKey mf1.abc') // 'mf1.abc' */
export const keyInHeader = (authorization: string | undefined): string | undefined =>
  /^NodeKey\s+(\S+)$/i.exec(authorization ?? '')?.[1];

/**
 * The node key in the body or in the header; '' if there is none or the two differ.
 *
 * @example nodeKeyOf({ node_key: 'a' }, 'NodeKey b') // ''
 */
export function nodeKeyOf(body: unknown, authorization: string | undefined): string {
  const member = typeof body === 'object' && body !== null && 'node_key' in body ? body.node_key : undefined;
  const inBody = typeof member === 'string' ? member : '';
  const inHeader = keyInHeader(authorization) ?? '';
  if (inBody && inHeader && inBody !== inHeader) return '';
  return inBody || inHeader;
}
