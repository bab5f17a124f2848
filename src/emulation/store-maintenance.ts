import { closedReason, hasBrokenDatabase } from './archive-stores.ts';
import type { Line } from './steps.ts';
import type { World, WorldStore } from './world.ts';

export const UPGRADE_STEPS = [
  'Checking the current format',
  'Backing up the store database',
  'Converting folders',
  'Converting messages',
  'Converting recovery records',
  'Opening the new database',
];

/** Returns why a store cannot be converted, or null; a disabled store can, since its files are not in use. */
export function upgradeObstacle(store: WorldStore): string | null {
  if (store.requestedState === 'writeProtected') return `Archive store '${store.name}' is write-protected.`;
  return closedReason(store.requestedState === 'disabled' ? { ...store, requestedState: 'normal' } : store);
}

/** Returns why a store cannot be checked, or null; a broken database can, and that is what the check reports. */
export function verificationObstacle(store: WorldStore): string | null {
  return closedReason(hasBrokenDatabase(store) ? { ...store, error: null } : store);
}

/** The most search indexes that a verification names one by one. */
const NAMED_INDEXES = 5;

export function findDamage(world: World, store: WorldStore, includeIndexes: boolean): Line[] {
  const findings: Line[] = [];
  if (store.error !== null) findings.push({ text: store.error, type: 'error' });
  if (store.recoveryRecordsDamaged) findings.push({ text: 'The recovery records are damaged.', type: 'error' });
  else if (store.error !== null) findings.push('The recovery records are intact.');
  if (store.needsUpgrade) findings.push({ text: 'The store has an old format and should be upgraded.', type: 'warning' });
  if (!includeIndexes) return findings;
  const stale = world.state.indexes.filter((index) => index.storeId === store.id && index.needsRebuild);
  for (const index of stale.slice(0, NAMED_INDEXES)) {
    findings.push({ text: `The search index of '${index.folder}' needs to be rebuilt.`, type: 'warning' });
  }
  const more = stale.length - NAMED_INDEXES;
  if (more > 0) findings.push({ text: `${more} more search indexes need to be rebuilt.`, type: 'warning' });
  return findings;
}

export function summarize(lines: readonly Line[]): Line {
  const count = (type: 'error' | 'warning') => lines.filter((line) => typeof line !== 'string' && line.type === type).length;
  return `Verification finished; errors: ${count('error')}, warnings: ${count('warning')}`;
}

export function removeWhere<T>(items: T[], isGone: (item: T) => boolean): void {
  let kept = 0;
  for (const item of items) if (!isGone(item)) items[kept++] = item;
  items.length = kept;
}
