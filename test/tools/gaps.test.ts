import { expect, test } from 'vitest';
import { judgeProfiles } from '../../tools/insights/gaps.ts';

const NOW = Date.parse('2026-03-04T12:00:00Z');
const HOUR = 3_600_000;

test.each([
  [1, 'The last run ended as failed, since 2026-03-04T11:30:00Z.'],
  [3, 'The last 3 runs ended as failed, since 2026-03-04T09:30:00Z.'],
])('a profile of which the last %i of its runs failed is said to fail since the first of them', (failures, reason) => {
  const profile = { id: 7, name: 'Gateway', type: 'I', serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 3600 } };
  const runs = Array.from({ length: failures }, (_, index) => {
    const start = NOW - HOUR / 2 - index * HOUR;
    return { id: 10 - index, profileId: 7, profile: 'Gateway', userName: 'admin', start, end: start + 60_000, result: 'failed', items: 0 };
  });
  expect(judgeProfiles([profile], runs, NOW, 14)).toMatchObject([{ name: 'Gateway', state: 'failing', reason }]);
});
