import type { World } from './world.ts';

/** Rewriting the database leaves only the room that its rows take, so a second time frees nothing. */
export function shrinkMasterDatabase({ state }: World): void {
  const rows = state.users.length + state.jobs.length + state.jobResults.length + state.profiles.length + state.workerResults.length;
  state.masterDatabaseBytes = Math.min(state.masterDatabaseBytes, 4_194_304 + rows * 2048);
}
