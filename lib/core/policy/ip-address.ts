/** Of the longest form of RFC 4291 §2.2, `x:x:x:x:x:x:d.d.d.d`. Longer texts come from the network and are not looked at. */
const MAX_LENGTH = 45;

/** The address as a string of 32 or 128 binary digits, the same for every spelling; `undefined` if it is none. */
export function addressBits(address: string): string | undefined {
  if (address.length > MAX_LENGTH) return undefined;
  if (/^\d+\.\d+\.\d+\.\d+$/.test(address)) return v4Bits(address);
  return address.includes(':') && /^[0-9a-fA-F:]+$/.test(address) ? v6Bits(address) : undefined;
}

/** The address in one spelling, `0a000307`; `undefined` if it is none. */
export function addressDigits(address: string): string | undefined {
  const bits = addressBits(address);
  return (
    bits &&
    BigInt(`0b${bits}`)
      .toString(16)
      .padStart(bits.length / 4, '0')
  );
}

/** Whether an address lies in `block` ("10.0.0.0/8", "2001:db8::/32"), or what is wrong with `block`. */
export function cidrMatcher(block: string): string | ((address: string) => boolean) {
  const [base = '', mask = '', ...more] = block.split('/');
  if (more.length > 0 || !/^\d{1,3}$/.test(mask)) return 'must be an address, "/" and a number of bits';
  const bits = addressBits(base);
  if (bits === undefined) return `"${base}" is no IP address`;
  const length = Number(mask);
  // AWS refuses a block of a single address.
  if (length >= bits.length) return `the number of bits must be below ${bits.length}`;
  const network = bits.slice(0, length);
  return (address) => {
    const candidate = addressBits(address);
    return candidate !== undefined && candidate.length === bits.length && candidate.startsWith(network);
  };
}

function v4Bits(address: string): string | undefined {
  const bytes = address.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes.map((byte) => binary(byte, 8)).join('') : undefined;
}

function v6Bits(address: string): string | undefined {
  const halves = address.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const bits = groups.map((group) => binary(Number.parseInt(group, 16), 16)).join('');
  // ::ffff:a:b is an IPv4 address in IPv6 dress (RFC 4291 §2.5.5.2); AWS compares it as the IPv4 one.
  return bits.startsWith(`${'0'.repeat(80)}${'1'.repeat(16)}`) ? bits.slice(96) : bits;
}

const binary = (value: number, digits: number) => value.toString(2).padStart(digits, '0');
