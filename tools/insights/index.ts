import type { Insight } from '../../src/catalogue/define-insight.ts';
import { accessReport } from './access-report.ts';
import { archiveHealth } from './archive-health.ts';
import { archivingGaps } from './archiving-gaps.ts';
import { archivingVolume } from './archiving-volume.ts';
import { failedRuns } from './failed-runs.ts';
import { storageReport } from './storage-report.ts';
import { userAudit } from './user-audit.ts';

/** The tools that answer a question from several reads, the most general first. */
export const insights: readonly Insight[] = [
  archiveHealth,
  archivingGaps,
  failedRuns,
  archivingVolume,
  accessReport,
  storageReport,
  userAudit,
];
