import { commands } from '../../tools/index.ts';
import { MailStoreError } from '../base/errors.ts';
import { ACCESS_LEVELS, API_FORMS } from '../base/target.ts';
import type { Command } from '../catalogue/define-command.ts';
import { wireType } from '../catalogue/fields.ts';
import { toolName } from '../catalogue/naming.ts';
import { settingList } from '../config/settings.ts';
import { findNamed } from '../tester/named-command.ts';
import { wordsOf } from '../tester/read-arguments.ts';

/** The scripts call back `call --complete` with the line up to the cursor, and get one candidate a line; without any, shells complete files. */
const SCRIPTS = {
  bash: `_mailstore_mcp() {
  local line=\${COMP_LINE:0:COMP_POINT} IFS=$'\\n'
  local current=\${line##*[[:space:]]}
  COMPREPLY=($(mailstore-mcp call --complete "$line" 2>/dev/null))
  # Where bash takes = for the end of a word, it wants no more than what follows.
  if [[ $current == *=* && $COMP_WORDBREAKS == *=* ]]; then COMPREPLY=("\${COMPREPLY[@]#"\${current%%=*}="}"); fi
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -o default -F _mailstore_mcp mailstore-mcp
`,
  zsh: `#compdef mailstore-mcp
_mailstore_mcp() {
  local -a candidates
  candidates=("\${(@f)$(mailstore-mcp call --complete "\${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
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
  mailstore-mcp call --complete "$line" 2>$null | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`,
} as const;

/** Returns the completion script for a shell. Throws MailStoreError where there is none for it. */
export function completionScript(shell: string): string {
  if (shell === 'bash' || shell === 'zsh' || shell === 'powershell') return SCRIPTS[shell];
  throw new MailStoreError('invalidSetting', { setting: '--completion', value: shell, expected: Object.keys(SCRIPTS).join(', ') });
}

/** Words that may stand behind some options. */
const OPTION_VALUES: Readonly<Record<string, readonly string[]>> = {
  '--format': ['json', 'xml'],
  '--api': API_FORMS,
  '--access': ACCESS_LEVELS,
  '--completion': Object.keys(SCRIPTS),
};

/** Returns what the last word of a command line may become; an argument whose value follows ends with `=`. */
export function completions(line: string, options: readonly string[], subcommands: readonly string[]): readonly string[] {
  const [, subcommand, ...words] = line.split(/\s+/);
  if (words.length === 0) return startingWith(subcommand ?? '', subcommands);
  if (subcommand !== 'call') return [];
  const current = words.at(-1) ?? '';
  const previous = words.at(-2) ?? '';
  const values = OPTION_VALUES[previous];
  if (values) return startingWith(current, values);
  if (takesValue(previous)) return [];
  const command = commandAmong(words.slice(0, -1));
  const equals = current.indexOf('=');
  const [name, value] = [current.slice(0, equals), current.slice(equals + 1)];
  if (current.startsWith('-')) {
    return equals < 0 ? startingWith(current, options) : startingWith(value, OPTION_VALUES[name] ?? []).map((word) => `${name}=${word}`);
  }
  if (!command) {
    const names = commands.map((known) => (current.includes('_') ? toolName(known.name) : known.name));
    return startingWith(current, names.toSorted());
  }
  if (equals >= 0) return valuesOf(command, name, value);
  const given = new Set(words.slice(0, -1).map((word) => word.split('=', 1)[0]?.toLowerCase()));
  const names = Object.keys(command.input).filter((argument) => !given.has(argument.toLowerCase()));
  return startingWith(
    current,
    names.map((argument) => `${argument}=`),
  );
}

function commandAmong(words: readonly string[]): Command | undefined {
  const first = words.find((word, index) => !word.startsWith('-') && !takesValue(words[index - 1] ?? ''));
  return first === undefined ? undefined : findNamed(first);
}

function takesValue(option: string): boolean {
  return ['--json', '--target', '--complete', ...Object.keys(OPTION_VALUES), ...settingList.flatMap(({ flag }) => flag ?? [])].includes(
    option,
  );
}

function valuesOf(command: Command, written: string, text: string): readonly string[] {
  const entry = Object.entries(command.input).find(([name]) => name.toLowerCase() === written.toLowerCase());
  if (!entry) return [];
  const [name, schema] = entry;
  const comma = wireType(schema) === 'csv' ? text.lastIndexOf(',') + 1 : 0;
  return startingWith(text.slice(comma), wordsOf(schema)).map((word) => `${name}=${text.slice(0, comma)}${word}`);
}

function startingWith(start: string, candidates: readonly string[]): readonly string[] {
  return candidates.filter((candidate) => candidate.toLowerCase().startsWith(start.toLowerCase()));
}
