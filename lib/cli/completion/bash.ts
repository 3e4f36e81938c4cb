import { CHOOSING, pathPatterns, quote, spellings, valueBranches } from './shell-text.ts';
import type { CommandWords, Value } from './words.ts';

/** A completion script for bash 3.2 and later. */
export const bashScript = (commands: readonly CommandWords[]): string => `# Completes mayfly in bash.
_mayfly_names() {
  local chosen=() i
  [[ $current = -* ]] && return
  for ((i = 1; i < COMP_CWORD - 1; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${CHOOSING}) chosen+=("\${COMP_WORDS[i]}" "\${COMP_WORDS[i + 1]}");;
    esac
  done
  # eval, because mayfly may be an alias.
  eval 'mayfly names "$1" "$current" --within 500 \${chosen[@]+"\${chosen[@]}"}' 2>/dev/null | cut -f 1
}
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
    case 'names':
      return `COMPREPLY=($(compgen -W "$(_mayfly_names ${value.of})" -- "$current"))`;
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
  const given = argument && argument.kind !== 'words' && argument.kind !== 'text' ? ` ${valueCode(argument)};` : '';
  return `${quote(path)}) words=${quote([...words, ...also].join(' '))};${given};`;
}
