import { describe, expect, it } from '@jest/globals';
import { writeXml, type XmlStyle } from '../../../../workbench/local-aws/protocol/xml.ts';

const STYLE: XmlStyle = { item: 'i', nameOf: (parent, member) => (parent === 'Pets' ? `pet-${member}` : member) };

describe('XML', () => {
  it.each<[string, unknown, string]>([
    ['text', 'a', '<R>a</R>'],
    ['numbers and booleans', { a: 0, b: false }, '<R><a>0</a><b>false</b></R>'],
    ['instants', { at: new Date(1e12) }, '<R><at>2001-09-09T01:46:40.000Z</at></R>'],
    ['lists', { a: ['x', 'y'] }, '<R><a><i>x</i><i>y</i></a></R>'],
    ['empty values', { a: [], b: '', c: {} }, '<R><a/><b/><c/></R>'],
    ['nothing for undefined', { a: undefined, b: null, c: 1 }, '<R><c>1</c></R>'],
    [
      'element names from the member that holds the structure, also in a list',
      { Pets: [{ Name: 'x', Toys: { Name: 'y' } }] },
      '<R><Pets><i><pet-Name>x</pet-Name><pet-Toys><Name>y</Name></pet-Toys></i></Pets></R>',
    ],
    [
      'escaped text',
      `<a href="x">'&amp;'</a>]]>\r\n`,
      `<R>&lt;a href=&quot;x&quot;&gt;'&amp;amp;'&lt;/a&gt;]]&gt;&#xD;\n</R>`,
    ],
    [
      'U+FFFD for characters that XML cannot contain',
      'a\0b\u001bc\ud800d\uffffe😀',
      '<R>a\ufffdb\ufffdc\ufffdd\ufffde😀</R>',
    ],
  ])('contains %s', (_, value, xml) => {
    expect(writeXml('R', value, STYLE)).toBe(xml);
  });
});
