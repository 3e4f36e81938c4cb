import type { CommandWords, OptionWords, Value } from './words.ts';

/** A completion script for fish. */
export const fishScript = (commands: readonly CommandWords[]): string => `# Completes mayfly in fish.
function __mayfly_at
    set -l at mayfly
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case ${commands
              .slice(1)
              .map(({ path }) => quote(path))
              .join(' ')}
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
function __mayfly_names
    set -l words (commandline -opc)
    set -l chosen
    for i in (seq 2 (count $words))
        switch $words[$i]
            case -d --data -s --stack --id -t --table
                set -a chosen $words[$i] $words[(math $i + 1)]
        end
    end
    mayfly names $argv[1] (commandline -ct) --within 500 $chosen 2>/dev/null
end
complete -c mayfly -f
${commands.flatMap(linesOf).join('\n')}
`;

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function linesOf({ path, commands, options, argument }: CommandWords): string[] {
  const at = `complete -c mayfly -n ${quote(`__mayfly_at "${path}"`)}`;
  return [
    ...commands.map(({ name, description }) => `${at} -a ${name} -d ${quote(description)}`),
    ...options.map((option) => `${at} ${flagsOf(option)} -d ${quote(option.description)}`),
    ...(argument && argument.kind !== 'text' ? [`${at} ${valueFlags(argument)}`] : []),
  ];
}

const flagsOf = ({ short, long, value }: OptionWords): string =>
  [
    ...(short ? [`-s ${short.slice(1)}`] : []),
    ...(long ? [`-l ${long.slice(2)}`] : []),
    // A required value alone offers files too.
    ...(value ? [value.kind === 'file' ? '-r' : '-x', valueFlags(value)] : []),
  ]
    .filter((flag) => flag !== '')
    .join(' ');

function valueFlags(value: Value): string {
  switch (value.kind) {
    case 'words':
      return `-a ${quote(value.words.join(' '))}`;
    case 'names':
      return `-a '(__mayfly_names ${value.of})'`;
    case 'folder':
      return "-a '(__fish_complete_directories)'";
    case 'file':
      return '-F';
    case 'text':
      return '';
    default:
      return value satisfies never;
  }
}
