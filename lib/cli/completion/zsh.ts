import { CHOOSING, pathPatterns, quote, spellings, valueBranches } from './shell-text.ts';
import type { CommandWords, Value } from './words.ts';

/** A completion script for zsh, for a file `_mayfly` in a folder of `$fpath`, or to be sourced. */
export const zshScript = (commands: readonly CommandWords[]): string => `#compdef mayfly
# Completes mayfly in zsh.
_mayfly_names() {
  local -a chosen found
  local i
  [[ $PREFIX = -* ]] && return
  for ((i = 2; i < CURRENT - 1; i++)); do
    case "\${words[i]}" in
      ${CHOOSING}) chosen+=("\${words[i]}" "\${words[i + 1]}");;
    esac
  done
  # eval, because mayfly may be an alias.
  found=("\${(@f)$(eval 'mayfly names "$1" "$PREFIX" --within 500 "\${chosen[@]}"' 2>/dev/null | cut -f 1)}")
  compadd -- $found
}
_mayfly() {
  local at=mayfly word
  local -a subcommands options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      ${pathPatterns(commands)}) at="$at $word";;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${indented(valueBranches(commands, valueCode))}
  esac
  case "$at" in
${indented(commands.map(branch))}
  esac
  (( \${#subcommands} )) && _describe -t commands command subcommands
  _describe -o -t options option options
}
if [[ "$funcstack[1]" = _mayfly ]]; then _mayfly "$@"; else compdef _mayfly mayfly; fi
`;

const indented = (lines: readonly string[]): string => lines.map((line) => `    ${line}`).join('\n');

function valueCode(value: Value): string {
  switch (value.kind) {
    case 'words':
      return `compadd -- ${value.words.map(quote).join(' ')}`;
    case 'names':
      return `_mayfly_names ${value.of}`;
    case 'folder':
      return '_directories'; // `_files -/` offers files where no folder matches
    case 'file':
      return '_files';
    case 'text':
      return ':';
    default:
      return value satisfies never;
  }
}

function branch({ path, commands, options, argument }: CommandWords): string {
  const described = (name: string, description: string): string =>
    quote(`${name.replaceAll(':', '\\:')}:${description.replaceAll(':', '\\:')}`);
  const subcommands = commands.map(({ name, description }) => described(name, description));
  const flags = options.flatMap((option) => spellings(option).map((name) => described(name, option.description)));
  const value = argument && argument.kind !== 'text' ? ` ${valueCode(argument)};` : '';
  return `${quote(path)}) subcommands=(${subcommands.join(' ')}); options=(${flags.join(' ')});${value};`;
}
