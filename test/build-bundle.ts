import { build } from '../scripts/build.ts';
import { buildChildren } from './helpers/child-program.ts';

/** Builds the binary and the programs of tests once before all tests, so that the ones which start them run the source as it stands. */
export async function setup(): Promise<void> {
  await Promise.all([build(), buildChildren()]);
}
