/**
 * Compiles a glob into a predicate on whole texts: `*` matches any characters, `?` one, everything else itself. Texts come
 * from the network; the time is at most proportional to the product of both lengths.
 *
 * @example globMatcher('i-0*')('i-0abc') // true
 */
export function globMatcher(glob: string): (text: string) => boolean {
  return (text) => {
    let [at, t] = [0, 0];
    let star = -1; // position of the last `*`, which consumes one more character whenever the rest fails to match
    let taken = 0;
    while (t < text.length) {
      if (glob[at] === '*') {
        star = at++;
        taken = t;
      } else if (at < glob.length && (glob[at] === '?' || glob[at] === text[t])) {
        at++;
        t++;
      } else if (star >= 0) {
        at = star + 1;
        t = ++taken;
      } else return false;
    }
    while (glob[at] === '*') at++;
    return at === glob.length;
  };
}
