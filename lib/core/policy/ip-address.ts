import ipaddr from 'ipaddr.js';

/** Length of the longest form in RFC 4291 §2.2, `x:x:x:x:x:x:d.d.d.d`. Longer texts come from the network and are not parsed. */
const MAX_LENGTH = 45;

/** The address as hexadecimal digits, the same for every spelling; `undefined` if the text is not an address. @example '10.0.3.7' → '0a000307' */
export function addressDigits(text: string): string | undefined {
  const address = parse(text);
  return address && Buffer.from(address.toByteArray()).toString('hex');
}

/** Compiles `block` ("10.0.0.0/8", "2001:db8::/32") into a predicate on addresses; returns a message if `block` is invalid. */
export function cidrMatcher(block: string): string | ((text: string) => boolean) {
  const [base = '', mask = '', ...more] = block.split('/');
  if (more.length > 0 || !/^\d{1,3}$/.test(mask)) return 'must be an address, "/" and a number of bits';
  const network = parse(base);
  if (!network) return `"${base}" is no IP address`;
  const length = Number(mask);
  const bits = 8 * network.toByteArray().length;
  // AWS rejects a block of a single address.
  if (length >= bits) return `the number of bits must be below ${bits}`;
  return (text) => {
    const address = parse(text);
    return address !== undefined && address.kind() === network.kind() && address.match(network, length);
  };
}

/** Parses the spellings that EventBridge compares as addresses. */
function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) {
    const decimal = text.replace(/\b0+(?=\d)/g, ''); // the library would read 010 as octal
    return ipaddr.IPv4.isValid(decimal) ? ipaddr.IPv4.parse(decimal) : undefined;
  }
  if (!/^[0-9a-f:]+$/i.test(text) || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  // AWS compares ::ffff:a:b as an IPv4 address (RFC 4291 §2.5.5.2).
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}
