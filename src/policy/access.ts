import { ACCESS_LEVELS, type Access } from '../base/target.ts';
import type { Effect } from '../catalogue/define-command.ts';

const EFFECTS: readonly Effect[] = ['read', 'write', 'destructive'];

/** True when an access level covers an effect. */
export function allows(access: Access, effect: Effect): boolean {
  return EFFECTS.indexOf(effect) <= ACCESS_LEVELS.indexOf(access);
}

/** Returns the lowest access level that covers an effect. */
export function neededAccess(effect: Effect): Access {
  return ACCESS_LEVELS.find((access) => allows(access, effect)) ?? 'full';
}

/** Returns the level that covers what any of these covers. */
export function widest(levels: readonly Access[]): Access {
  return ACCESS_LEVELS.findLast((access) => levels.includes(access)) ?? 'read-only';
}
