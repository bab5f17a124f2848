import type { Catalogue } from '../catalogue/catalogue.ts';
import { changeTools } from './change-tools.ts';
import { listInsight, listPlan, listTool } from './describe-tool.ts';
import { taskTools } from './task-tools.ts';
import type { ListedTool } from './tool-definition.ts';

/** Returns every tool of an edition with its JSON Schemas. */
export function createToolList({ insights, plans, commands }: Catalogue): readonly ListedTool[] {
  return [...insights.map(listInsight), ...plans.map(listPlan), ...commands.map(listTool), ...taskTools, ...changeTools];
}
