import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Only this machine reaches it. */
export const LOOPBACK = '127.0.0.1';
/** Every address of this machine. */
const ANY = ['0.0.0.0', '::'];

/** The addresses under which other machines reach a server that listens on an address. None for the loopback address. */
export function addressesOf(listen: string): string[] {
  if (listen === LOOPBACK) return [];
  if (!ANY.includes(listen)) return [listen];
  const all = Object.values(networkInterfaces()).flatMap((interfaces) => interfaces ?? []);
  // A certificate cannot name a link-local address of IPv6, which depends on the interface.
  const reachable = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  return reachable.sort((a, b) => (a.family < b.family ? -1 : 1)).map(({ address }) => address);
}

/** The host name of URLs to a server that listens on an address. @example nameOf('0.0.0.0') // 'localhost' */
export function nameOf(listen: string): string {
  if (listen === LOOPBACK || ANY.includes(listen)) return 'localhost';
  return inUrl(listen);
}

/** An address as URLs write it. @example inUrl('::1') // '[::1]' */
export const inUrl = (address: string): string => (isIPv6(address) ? `[${address}]` : address);

/** An address at which this machine reaches its own server. */
export const reachable = (listen: string): string => (ANY.includes(listen) ? LOOPBACK : listen);
