import { pathPatterns, quote, spellings, valueBranches } from './shell-text.ts';
import type { CommandWords, Value } from './words.ts';

/** A completion script for bash 3.2 and later. */
export const bashScript = (commands: readonly CommandWords[]): string => `# Completes mayfly in bash.
_mayfly() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} at=mayfly words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${pathPatterns(commands)}) at="$at \${COMP_WORDS[i]}";;
    esac
  done
  case "$at $before" in
${indented(valueBranches(commands, valueCode))}
  esac
  case "$at" in
${indented(commands.map(branch))}
  esac
  COMPREPLY+=($(compgen -W "$words" -- "$current"))
}
complete -o filenames -F _mayfly mayfly
`;

const indented = (lines: readonly string[]): string => lines.map((line) => `    ${line}`).join('\n');

function valueCode(value: Value): string {
  switch (value.kind) {
    case 'words':
      return `COMPREPLY=($(compgen -W ${quote(value.words.join(' '))} -- "$current"))`;
    case 'folder':
      return 'COMPREPLY=($(compgen -d -- "$current"))';
    case 'file':
      return 'COMPREPLY=($(compgen -f -- "$current"))';
    case 'text':
      return ':';
    default:
      return value satisfies never;
  }
}

function branch({ path, commands, options, argument }: CommandWords): string {
  const words = [...commands.map(({ name }) => name), ...options.flatMap(spellings)];
  const also = argument?.kind === 'words' ? argument.words : [];
  const files = argument?.kind === 'file' || argument?.kind === 'folder' ? ` ${valueCode(argument)};` : '';
  return `${quote(path)}) words=${quote([...words, ...also].join(' '))};${files};`;
}
