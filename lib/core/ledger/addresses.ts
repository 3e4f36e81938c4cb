import { addressDigits } from '../policy/ip-address.ts';

type Identity = Readonly<Record<string, string>>;

/** Since when a workload has each of its addresses: address in digits → epoch ms. */
export type AddressesSince = Readonly<Record<string, number>>;

/** Which of its addresses are new to a workload, and which it has no more. */
export interface AddressChanges {
  readonly current: AddressesSince;
  readonly gained: AddressesSince;
  readonly lost: AddressesSince;
}

/**
 * Compares the addresses of an identity with those that are known.
 *
 * @param sinceMs when it got those that are new, epoch ms
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

/** Within what an address has one holder at a time: its subnet, or the world. Two networks may use the same private ones. */
export const realmOf = (digits: string, identity: Identity): string =>
  PRIVATE.test(digits) ? (identity.subnet ?? '') : '';
