import { mapStrings } from '../base/map-strings.ts';
import { showInstants } from '../base/show-times.ts';
import type { InsightResult } from '../guard/run-insight.ts';

/** Returns the answer of an insight as one object for people: the headline first, times in their zone, and nothing that is empty. */
export function insightView(result: InsightResult, timeZone: string): Readonly<Record<string, unknown>> {
  const { headline, data, notLookedAt, next, failedReads } = mapStrings(result, (text) => showInstants(text, timeZone)) as InsightResult;
  return {
    headline,
    ...data,
    ...(failedReads.length > 0 && { notRead: failedReads }),
    ...(notLookedAt.length > 0 && { notLookedAt }),
    ...(next !== undefined && { next }),
  };
}
