import { describe, onTestFinished } from 'vitest';
import { SQLITE_ENGINES, type SqliteEngine } from '../../src/journal/sqlite.ts';

interface TestedEngine {
  readonly engine: SqliteEngine;
  /** Why this runtime does not have the engine. */
  readonly missing?: string;
}

export const ENGINES: readonly TestedEngine[] = SQLITE_ENGINES.map((engine) => {
  try {
    engine.load();
    return { engine };
  } catch (error) {
    return { engine, missing: String(error).split('\n', 1)[0] ?? '' };
  }
});

/** Declares the same tests once for each engine; where one does not load, its tests are shown as skipped with the reason. */
export function describeEngines(title: string, declare: (engine: SqliteEngine) => void): void {
  for (const { engine, missing } of ENGINES) {
    const label = missing === undefined ? engine.name : `${engine.name}, which is not here: ${missing}`;
    describe.skipIf(missing !== undefined)(`${title}, on ${label}`, () => {
      declare(engine);
    });
  }
}

/** Returns a new folder that is removed when the test is over. */
export function untilTestEnds<Resource extends { close(): void }>(resource: Resource): Resource {
  onTestFinished(() => resource.close());
  return resource;
}
