/** The words of each `npx mayfly …` in a page, in its blocks of code and in its text. */
export const commandsIn = (page: string): string[][] =>
  [...page.replaceAll(/\\\n\s*/g, ' ').matchAll(/npx mayfly ([^`\n]*)/g)].map(([, line = '']) => wordsOf(line));

/** The words up to where the shell takes over: a comment, a pipe, a redirection, another command. */
const wordsOf = (line: string): string[] =>
  [...line.replace(/ (?:#|\||>|&&) ?.*$/, '').matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) =>
    word.replace(/^(['"])(.*)\1$/, '$2'),
  );
