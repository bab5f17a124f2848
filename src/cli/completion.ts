import { oneOf, text } from '../config/setting-types.ts';
import { argument, defineAction, defineSubcommand, option, type RunContext } from './define-subcommand.ts';
import { chooseAction, hasActions, optionsFor, wordsAmong, type KnownOption } from './known-options.ts';

const SHELLS = ['bash', 'zsh', 'powershell'] as const;

/** The scripts call `completion --line` back with the line up to the cursor, and get one candidate a line; without any, shells complete files. */
const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], string>> = {
  bash: `_mailstore_mcp() {
  local line=\${COMP_LINE:0:COMP_POINT} IFS=$'\\n'
  local current=\${line##*[[:space:]]}
  COMPREPLY=($(mailstore-mcp completion bash --line "$line" 2>/dev/null))
  # Where bash takes = for the end of a word, it wants no more than what follows.
  if [[ $current == *=* && $COMP_WORDBREAKS == *=* ]]; then COMPREPLY=("\${COMPREPLY[@]#"\${current%%=*}="}"); fi
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -o default -F _mailstore_mcp mailstore-mcp
`,
  zsh: `#compdef mailstore-mcp
_mailstore_mcp() {
  local -a candidates
  candidates=("\${(@f)$(mailstore-mcp completion zsh --line "\${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
  if [[ -z $candidates[1] ]]; then _files; return; fi
  compadd -S '' -- \${(M)candidates:#*=}
  compadd -- \${candidates:#*=}
}
compdef _mailstore_mcp mailstore-mcp
`,
  powershell: `Register-ArgumentCompleter -Native -CommandName mailstore-mcp -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $line = $commandAst.ToString()
  $end = $cursorPosition - $commandAst.Extent.StartOffset
  if ($end -gt $line.Length) { $line += ' ' } else { $line = $line.Substring(0, $end) }
  mailstore-mcp completion powershell --line "$line" 2>$null | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`,
};

export const completion = defineSubcommand({
  name: 'completion',
  summary: 'print the completion script for a shell, to be loaded in its profile',
  settings: 'none',
  action: defineAction({
    arguments: { shell: argument(oneOf(SHELLS), 'the shell') },
    options: { line: option(text('LINE'), 'print what the last word of this command line may become; the scripts call this') },
    examples: [
      { line: 'completion bash >> ~/.bashrc', shows: 'completes subcommands, options, commands and their arguments in bash' },
      { line: 'completion powershell | Out-String | Invoke-Expression', shows: 'the same in this PowerShell session' },
    ],
    run: async ({ shell, line }, context) => {
      const lines = line === undefined ? SCRIPTS[shell] : (await completeLine(line, context)).map((word) => `${word}\n`).join('');
      process.stdout.write(lines);
    },
  }),
});

/** Returns what the last word of a command line may become; a word whose continuation follows ends with `=`. */
export async function completeLine(line: string, context: RunContext): Promise<readonly string[]> {
  const [, name = '', ...words] = line.split(/\s+/);
  if (words.length === 0) return startingWith(name, Object.keys(context.subcommands));
  const load = Object.hasOwn(context.subcommands, name) ? context.subcommands[name] : undefined;
  const subcommand = await load?.();
  if (!subcommand) return [];
  const actions = hasActions(subcommand) ? Object.keys(subcommand.actions) : [];
  const [first = ''] = words;
  if (words.length === 1 && actions.length > 0 && !first.startsWith('-')) return startingWith(first, actions);
  if (actions.length > 0 && !first.startsWith('-') && !actions.includes(first)) return [];
  const { action, rest } = chooseAction(subcommand, words);
  const options = optionsFor(subcommand, action);
  const current = rest.at(-1) ?? '';
  const before = rest.slice(0, -1);
  const pending = findOption(options, before.at(-1));
  if (pending?.type) return startingWith(current, pending.type.values ?? []);
  if (current.startsWith('-')) return completeOption(current, options);
  const positions = Object.values(action.arguments ?? {});
  const given = wordsAmong(before, options);
  const position = positions[given.length] ?? (positions.at(-1)?.presence === 'any number' ? positions.at(-1) : undefined);
  if (!position) return [];
  return position.complete ? position.complete(current, given, context) : startingWith(current, position.type.values ?? []);
}

function completeOption(current: string, options: readonly KnownOption[]): readonly string[] {
  const equals = current.indexOf('=');
  if (equals < 0) return startingWith(current, [...options.map(({ flag }) => flag), '--help']);
  const flag = current.slice(0, equals);
  const values = findOption(options, flag)?.type?.values ?? [];
  return startingWith(current.slice(equals + 1), values).map((value) => `${flag}=${value}`);
}

function findOption(options: readonly KnownOption[], word: string | undefined): KnownOption | undefined {
  return options.find(({ flag }) => flag === word);
}

/** Returns the candidates that begin with a text, in capitals or not. */
export function startingWith(start: string, candidates: readonly string[]): readonly string[] {
  return candidates.filter((candidate) => candidate.toLowerCase().startsWith(start.toLowerCase()));
}
