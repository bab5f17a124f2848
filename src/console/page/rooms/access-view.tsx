import { useMemo, useState } from 'preact/hooks';
import type { AccessRight, AccessView as View } from '../../../catalogue/insight-view.ts';
import { formatCount, formatNumber } from '../../../tester/web/page/locale.ts';
import { Table } from '../sheet.tsx';

/** What one matrix and one list show. */
const MOST = { people: 40, archives: 20, rights: 200 } as const;

/** Who can read what: people by archives, narrowed by a search, and the same as a list. */
export function AccessView({ view }: { readonly view: View; readonly timeZone: string }) {
  const { people, peopleInAll, rights, rightsLeftOut, administratorsMay } = view;
  const [search, setSearch] = useState('');
  const [withOwn, setWithOwn] = useState(false);
  const found = useMemo(() => {
    const words = search.trim().toLowerCase();
    const names = new Map(people.map(({ userName, fullName = '' }) => [userName, `${userName} ${fullName}`.toLowerCase()]));
    return rights.filter(
      ({ archive, userName, isOwn }) =>
        (withOwn || !isOwn) &&
        (words === '' || archive.toLowerCase().includes(words) || (names.get(userName) ?? userName.toLowerCase()).includes(words)),
    );
  }, [people, rights, search, withOwn]);
  if (peopleInAll === undefined || (peopleInAll > 0 && people.length === 0))
    return <p>Who can read what, and who is an administrator, is not known: no account could be read.</p>;
  const administrators = people.filter(({ isAdministrator }) => isAdministrator);
  return (
    <>
      <section class="notes" aria-labelledby="administrators-heading">
        <h3 id="administrators-heading">{formatCount(administrators.length, 'administrator')}</h3>
        <p>
          {administrators.length === 0
            ? people.length < peopleInAll
              ? 'None was found among the accounts that were looked at.'
              : 'None was found.'
            : `${administrators.map(({ userName }) => userName).join(', ')}. ${administratorsMay}`}
        </p>
      </section>
      <div class="filters">
        <label>
          Search people and archives{' '}
          <input
            type="search"
            value={search}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        </label>
        <label class="tick">
          <input type="checkbox" checked={withOwn} onChange={(event) => setWithOwn(event.currentTarget.checked)} /> Also the rights of
          people on the archive of their own name
        </label>
      </div>
      <p role="status">
        {rights.length === 0
          ? 'No right on an archive was shown'
          : `${formatCount(found.length, 'right')} of ${formatNumber(rights.length)} shown`}
        {rightsLeftOut > 0 && `; ${formatCount(rightsLeftOut, 'more right')} are left out, which access reports of single archives show`}.
        {people.length < peopleInAll && ` Of ${formatCount(peopleInAll, 'account')}, ${formatNumber(people.length)} were looked at.`}
      </p>
      {found.length > 0 && <Matrix rights={found} people={people} />}
      <details class="numbers" open={found.length > 0 && found.length <= 12}>
        <summary>The same as a list</summary>
        <Table
          label="Rights"
          columns={[{ name: 'Who' }, { name: 'Archive' }, { name: 'Rights' }]}
          rows={found.slice(0, MOST.rights).map(({ userName, archive, privileges }) => [userName, archive, privileges.join(', ')])}
        />
        {found.length > MOST.rights && (
          <p class="hint">{formatCount(found.length - MOST.rights, 'more right')} are left out: search for less.</p>
        )}
      </details>
    </>
  );
}

function Matrix({ rights, people }: { readonly rights: readonly AccessRight[]; readonly people: View['people'] }) {
  const archives = rank(rights.map(({ archive }) => archive));
  const users = rank(rights.map(({ userName }) => userName));
  const [columns, rows] = [archives.slice(0, MOST.archives), users.slice(0, MOST.people)];
  const known = new Map(rights.map((right) => [`${right.userName}\n${right.archive}`, right.privileges]));
  const administrators = new Set(people.flatMap(({ userName, isAdministrator }) => (isAdministrator ? [userName] : [])));
  const leftOut = [
    ...(users.length > rows.length ? [formatCount(users.length - rows.length, 'more person', 'more people')] : []),
    ...(archives.length > columns.length ? [formatCount(archives.length - columns.length, 'more archive')] : []),
  ];
  return (
    <>
      <p class="hint">R reads, W writes, D deletes. The archives with the most readers come first.</p>
      <div class="scroll" role="region" aria-label="Matrix of rights" tabIndex={0}>
        <table class="matrix">
          <thead>
            <tr>
              <th scope="col">Who</th>
              {columns.map((archive) => (
                <th key={archive} scope="col" class="upright">
                  <span>{archive}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((userName) => (
              <tr key={userName}>
                <th scope="row">
                  {userName}
                  {administrators.has(userName) && <span class="kind"> administrator</span>}
                </th>
                {columns.map((archive) => {
                  const privileges = known.get(`${userName}\n${archive}`);
                  return (
                    <td key={archive} class={privileges ? 'granted' : undefined}>
                      {privileges && <abbr title={privileges.join(', ')}>{abbreviate(privileges)}</abbr>}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {leftOut.length > 0 && <p class="hint">Left out of the matrix: {leftOut.join(' and ')}. Search for a name to see them.</p>}
    </>
  );
}

/** Returns each value once, the most frequent first. */
function rank(values: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1]).map(([value]) => value);
}

function abbreviate(privileges: readonly string[]): string {
  return privileges.map((privilege) => privilege.charAt(0).toUpperCase()).join('') || '?';
}
