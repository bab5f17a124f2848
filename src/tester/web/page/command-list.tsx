import { useMemo, useRef } from 'preact/hooks';
import { INSIGHTS_GROUP, type CommandInfo, type TargetInfo } from '../protocol.ts';
import { EffectBadge } from './effect-badge.tsx';
import { groupLabel, describeRefusal } from './labels.ts';
import { formatCount } from './locale.ts';
import { searchCommands } from './search-commands.ts';

interface Props {
  readonly commands: readonly CommandInfo[];
  readonly target: TargetInfo | undefined;
  readonly search: string;
  readonly selected: string | undefined;
  readonly onSearch: (search: string) => void;
  readonly onSelect: (command: string) => void;
}

/** The commands by group, or those that a search finds, the best first; the arrow keys go through them. */
export function CommandList({ commands, target, search, selected, onSearch, onSelect }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const found = useMemo(() => searchCommands(commands, search), [commands, search]);
  const isSearch = search.trim() !== '';
  const groups = [...new Set(found.map(({ group }) => group))];
  const reachable = found.find(({ name }) => name === selected) ?? found[0];

  const move = (event: KeyboardEvent) => {
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])];
    const at = buttons.findIndex((button) => button === document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    if (next < 0) document.getElementById('search')?.focus();
    else buttons[next]?.focus();
  };
  const onSearchKey = (event: KeyboardEvent) => {
    const [first] = found;
    if (event.key === 'ArrowDown') {
      event.preventDefault();
      list.current?.querySelector('button')?.focus();
    } else if (event.key === 'Enter' && first) onSelect(first.name);
    else if (event.key === 'Escape') onSearch('');
  };

  const renderCommand = (command: CommandInfo) => (
    <li key={command.name}>
      <CommandButton
        command={command}
        isSelected={command.name === selected}
        isReachable={command === reachable}
        isRefused={describeRefusal(command, target) !== undefined}
        onSelect={onSelect}
      />
    </li>
  );
  return (
    <nav class="commands panel" aria-labelledby="commands-heading">
      <h2 id="commands-heading">Commands</h2>
      <label class="search">
        <span class="hidden">Search the commands</span>
        <input
          id="search"
          type="search"
          placeholder="Search ( / )"
          autocomplete="off"
          spellcheck={false}
          value={search}
          onInput={(event) => onSearch(event.currentTarget.value)}
          onKeyDown={onSearchKey}
        />
      </label>
      <p class="hint" role="status">
        {!isSearch && countKinds(found)}
        {isSearch && found.length > 0 && `${found.length} of ${commands.length} commands`}
        {isSearch && found.length === 0 && 'No command has these words. Try one word, or a name such as GetUsers.'}
      </p>
      <div class="command-groups" ref={list} onKeyDown={move}>
        {isSearch ? (
          <ul aria-label="Found, the best first">{found.map(renderCommand)}</ul>
        ) : (
          groups.map((group) => (
            <section key={group} aria-labelledby={`group-${group}`}>
              <h3 id={`group-${group}`}>{groupLabel(group)}</h3>
              <ul>{found.filter((command) => command.group === group).map(renderCommand)}</ul>
            </section>
          ))
        )}
      </div>
    </nav>
  );
}

/** Returns how many commands and insights there are. */
function countKinds(commands: readonly CommandInfo[]): string {
  const insights = commands.filter(({ group }) => group === INSIGHTS_GROUP).length;
  const others = formatCount(commands.length - insights, 'command');
  return insights === 0 ? others : `${formatCount(insights, 'insight')}, ${others}`;
}

interface CommandButtonProps {
  readonly command: CommandInfo;
  readonly isSelected: boolean;
  /** True for the one that the tab key reaches; the arrow keys reach the others. */
  readonly isReachable: boolean;
  readonly isRefused: boolean;
  readonly onSelect: (command: string) => void;
}

function CommandButton({ command, isSelected, isReachable, isRefused, onSelect }: CommandButtonProps) {
  const { name, title, needs } = command;
  return (
    <button
      type="button"
      class={isRefused ? 'command refused' : 'command'}
      aria-current={isSelected ? 'true' : undefined}
      tabIndex={isReachable ? 0 : -1}
      onClick={() => onSelect(name)}
    >
      <span class="command-name">
        {name.split(/(?=[A-Z][a-z])/).map((word) => (
          <>
            <wbr />
            {word}
          </>
        ))}
      </span>{' '}
      <span class="command-title">
        {title}
        {isRefused && ` · needs ${needs}`}
      </span>{' '}
      <span class="badges">
        <EffectBadge command={command} />
      </span>
    </button>
  );
}
