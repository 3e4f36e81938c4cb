/**
 * A test of whole texts against a glob: `*` any characters, `?` one, everything else itself. Texts come from the network,
 * so the time it takes is bounded by the product of both lengths.
 */
export function globMatcher(glob: string): (text: string) => boolean {
  return (text) => {
    let [at, t] = [0, 0];
    let star = -1; // the last `*` passed, which takes one more character whenever what follows it fails
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
