import { build } from '../scripts/build.ts';

/** Builds the binary once before all tests, so that the ones which start it run the source as it stands. */
export async function setup(): Promise<void> {
  await build();
}
