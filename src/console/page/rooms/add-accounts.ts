import { formatCount, formatNumber } from '../../../tester/web/page/locale.ts';
import type { DrawnRoom } from '../../protocol.ts';

/** Returns who can read what of the accounts of an answer and of those that the next one looked at. */
export function addAccounts(before: DrawnRoom, next: DrawnRoom): DrawnRoom {
  if (before.view.room !== 'access' || next.view.room !== 'access') return next;
  const people = [...before.view.people, ...next.view.people];
  const rights = [...before.view.rights, ...next.view.rights].toSorted((a, b) => Number(a.isOwn) - Number(b.isOwn));
  const rightsLeftOut = before.view.rightsLeftOut + next.view.rightsLeftOut;
  const notRead = [...before.notRead, ...next.notRead];
  const foreign = rights.filter(({ isOwn }) => !isOwn).length;
  const administrators = people.filter(({ isAdministrator }) => isAdministrator).length;
  const isPartial = [before, next].some(({ headline }) => headline.includes('as far as could be read'));
  const { peopleInAll = people.length } = next.view;
  return {
    ...next,
    headline: `${formatCount(foreign, 'right')} on archives of others, and ${formatCount(administrators, 'administrator')}${isPartial ? ', as far as could be read' : ''}. ${formatNumber(people.length)} of ${formatCount(peopleInAll, 'account')} looked at.`,
    view: { ...next.view, people, rights, rightsLeftOut },
    notRead,
  };
}
