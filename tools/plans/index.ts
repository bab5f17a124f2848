import type { Plan } from '../../src/catalogue/define-plan.ts';
import { offboardUser } from './offboard-user.ts';
import { onboardUser } from './onboard-user.ts';
import { renamePerson } from './rename-person.ts';
import { rotateStore } from './rotate-store.ts';

/** Changes that belong together, each shown whole before any of it runs. */
export const plans: readonly Plan[] = [onboardUser, offboardUser, renamePerson, rotateStore] as readonly unknown[] as readonly Plan[];
