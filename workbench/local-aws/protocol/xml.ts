/** How a protocol writes lists and names. */
export interface XmlStyle {
  /** The element name for the items of a list. */
  readonly item: string;
  /**
   * The element name of a structure's member; `parent` is the member, or root, that holds the structure or a list of
   * it.
   */
  readonly nameOf: (parent: string, member: string) => string;
}

/**
 * Writes a value as an XML element: objects by member, lists by item, instants as ISO 8601. Omits undefined and null.
 *
 * @param root the name of the element, and the `parent` of its members
 */
export const writeXml = (root: string, value: unknown, style: XmlStyle): string => element(root, root, value, style);

function element(tag: string, parent: string, value: unknown, style: XmlStyle): string {
  if (value === undefined || value === null) return '';
  const content = contentOf(parent, value, style);
  return content === '' ? `<${tag}/>` : `<${tag}>${content}</${tag}>`;
}

function contentOf(parent: string, value: unknown, style: XmlStyle): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => element(style.item, parent, item, style)).join('');
  if (typeof value !== 'object') return escapeXml(String(value));
  return Object.entries(Object(value))
    .map(([member, content]) => element(style.nameOf(parent, member), member, content, style))
    .join('');
}

/** Characters that XML 1.0 does not allow, even escaped. @see XML 1.0, production 2, "Char" */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
};

/** Escapes XML text, including carriage returns: parsers turn a bare one into a line feed. */
const escapeXml = (text: string): string =>
  text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"\r]/g, (character) => ESCAPES[character] ?? character);
