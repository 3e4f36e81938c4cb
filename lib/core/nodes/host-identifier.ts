/** A name as EC2 gives it to an instance, in any case and length: nothing else is called so by accident. */
const INSTANCE_ID = /^i-[0-9a-f]+$/i;
/** The end of a name that Mayfly gives to a second agent under one identifier. */
const TWIN = /~[0-9a-f]{8}$/;
/** Control characters, and those that change the direction or the look of the text around them. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** The identifier with which the agent of a host came: of a second agent, without what was added to tell it apart. */
export const identifierOf = (host: string): string => host.replace(TWIN, '');

/** Whether a host identifier claims to be the id of an EC2 instance. */
export const looksLikeInstance = (name: string): boolean => INSTANCE_ID.test(name);

/**
 * Why a text cannot be a host identifier, or undefined where it can. Queries wait under ARNs and under names of second
 * agents, so an agent under such a name would drain what is meant for another host.
 *
 * @param text as the agent sends it
 */
export function identifierProblem(text: string): string | undefined {
  if (text.length < 1 || text.length > 255) return 'it has to have 1 to 255 characters';
  // Half a character has no UTF-8 form: neither a node key nor the table could hold it.
  if (/\p{Surrogate}/u.test(text)) return 'it holds half a character';
  if (INVISIBLE.test(text)) return 'it holds control or invisible characters';
  if (/^\s*arn:/i.test(text.normalize('NFKC'))) return 'it looks like an ARN';
  if (TWIN.test(text)) return 'it ends like the names that Mayfly gives to second agents (~ and 8 hex digits)';
  return undefined;
}
