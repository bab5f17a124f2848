import { type Found, type Look } from '../src/catalogue/define-command.ts';
import { drifts } from '../src/catalogue/drifting.ts';
import { pickFields, readRow, findRow, readString } from '../src/base/rows.ts';
import { formatSize } from '../src/base/sizes.ts';
import { formatCount, joinSentences } from '../src/catalogue/phrases.ts';

/** The fields of a store's entry that say where it lives. */
export const PLACE = ['type', 'databaseName', 'databasePath', 'contentPath', 'indexPath', 'serverName', 'userName'];

/** What a question says of a store; the sizes take the server time, so nothing else reads them. */
export const storeInQuestion: Look<{ readonly id: number }> = {
  read: 'GetStores',
  args: () => ({ includeSize: true }),
  pick: (value, { id }) => findRow(value, 'id', id),
};

export const complianceInQuestion: Look<unknown> = {
  read: 'GetComplianceConfiguration',
  pick: (value) => pickFields(readRow(value), ['legalHoldEnabled']),
};

export function nameStore({ id }: { readonly id: number }, { store }: Found): string {
  const name = readString(readRow(store).name);
  return name === undefined ? `archive store ${id}` : `archive store ${id} "${name}"`;
}

const STATE_IN_WORDS = new Map<unknown, string>([
  ['current', 'It is the current store, which receives new mail'],
  ['normal', 'It is in normal use'],
  ['writeProtected', 'It is write-protected'],
  ['disabled', 'It is disabled'],
]);

/** Says what was read of a store's state and contents; undefined where nothing was. */
export function describeStore(store: unknown): string | undefined {
  const { requestedState, error, statisticsCount, statisticsSize } = readRow(store);
  const count = formatCount(statisticsCount, 'message');
  // A size that was not calculated reads as nothing.
  const size = statisticsSize === 0 ? undefined : formatSize(statisticsSize);
  const holds = count && `MailStore counts ${count} in it${size === undefined ? '' : `, ${size}`}`;
  const state = `${STATE_IN_WORDS.get(requestedState) ?? ''}${holds === undefined ? '' : drifts(`${STATE_IN_WORDS.has(requestedState) ? '; ' : ''}${holds}`)}`;
  const problem = readString(error)?.replace(/\.$/, '');
  return joinSentences(state !== '' && `${state}.`, problem !== undefined && `It reports the error "${problem}".`) || undefined;
}

/** Returns the place of a store, which identifies it in addition to its id and name. */
export function identifyStore(store: unknown): string | undefined {
  const row = readRow(store);
  const place = ['type', ...PLACE].flatMap((name) => {
    const value = readString(row[name]);
    return value === undefined ? [] : [`${name} ${value}`];
  });
  return place.length === 0 ? undefined : [...new Set(place)].join('; ');
}

export const LEGAL_HOLD = 'Legal hold is on: deleted mail may still be wanted as evidence.';

export function isHeld(compliance: unknown): boolean {
  return readRow(compliance).legalHoldEnabled === true;
}
