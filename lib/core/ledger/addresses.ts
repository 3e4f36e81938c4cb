import { addressDigits } from '../policy/ip-address.ts';

type Identity = Readonly<Record<string, string>>;

/** Address as hex digits → since when a workload has it, epoch ms. */
export type AddressesSince = Readonly<Record<string, number>>;

/** Addresses of a workload: those it has, new ones among them, and those it no longer has. */
export interface AddressChanges {
  readonly current: AddressesSince;
  readonly gained: AddressesSince;
  readonly lost: AddressesSince;
}

/**
 * Compares the addresses of an identity (`ip`, separated by spaces) with the recorded ones.
 *
 * @param sinceMs since when it has the new ones, epoch ms
 * @example
 * compareAddresses({ ip: '10.0.3.8' }, { '0a000307': 1 }, 5);
 * // { current: { '0a000308': 5 }, gained: { '0a000308': 5 }, lost: { '0a000307': 1 } }
 */
export function compareAddresses(identity: Identity, known: AddressesSince, sinceMs: number): AddressChanges {
  const own = new Set((identity.ip ?? '').split(' ').flatMap((ip) => addressDigits(ip) ?? []));
  const gained = Object.fromEntries([...own].filter((digits) => !(digits in known)).map((digits) => [digits, sinceMs]));
  const [kept, lost] = [true, false].map((isOwn) =>
    Object.fromEntries(Object.entries(known).filter(([digits]) => own.has(digits) === isOwn)),
  ) as [AddressesSince, AddressesSince];
  return { current: { ...kept, ...gained }, gained, lost };
}

/** 10/8, 172.16/12, 192.168/16, 100.64/10, 169.254/16, fc00::/7 and fe80::/12, as digits. */
const PRIVATE = /^(0a.{6}|ac1.{5}|c0a8.{4}|64[4-7].{5}|a9fe.{4}|f[cd].{30}|fe8.{29})$/;

/** The scope in which an address has one holder at a time: the subnet of a private address, '' (global) of a public one. */
export const realmOf = (digits: string, identity: Identity): string =>
  PRIVATE.test(digits) ? (identity.subnet ?? '') : '';
