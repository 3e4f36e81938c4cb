/** An EC2 instance id, in any case and length: no other host has such a name by accident. */
const INSTANCE_ID = /^i-[0-9a-f]+$/i;
/** The suffix that Mayfly adds to the name of a second agent. */
const SECOND_AGENT = /~[0-9a-f]{8}$/;
/** Control characters, and characters that change the direction or look of the surrounding text. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/**
 * The identifier that a host's agent sent: the host's name without the suffix of a second agent.
 *
 * @example identifierOf('web-7~1a2b3c4d') // 'web-7'
 */
export const identifierOf = (host: string): string => host.replace(SECOND_AGENT, '');

/** Whether a host identifier claims to be the id of an EC2 instance, or looks like one to a reader. */
export const looksLikeInstance = (name: string): boolean => INSTANCE_ID.test(name.normalize('NFKC').trim());

/**
 * Why a text cannot be a host identifier; undefined if it can. Queries may be pending under ARNs and under names of second
 * agents, so an agent with such a name would drain the queries of another host.
 *
 * @param text as the agent sends it
 */
export function identifierProblem(text: string): string | undefined {
  if (text.length < 1 || text.length > 255) return 'it must have 1 to 255 characters';
  // A lone surrogate has no UTF-8 form, so neither a node key nor the table could hold it.
  if (/\p{Surrogate}/u.test(text)) return 'it holds half a character';
  if (INVISIBLE.test(text)) return 'it holds control or invisible characters';
  if (text.trim() === '') return 'it is blank';
  if (/^\s*arn:/i.test(text.normalize('NFKC'))) return 'it looks like an ARN';
  if (SECOND_AGENT.test(text)) return 'it ends like the names that Mayfly gives to second agents (~ and 8 hex digits)';
  return undefined;
}
