import { commands } from '../../tools/index.ts';
import { insights } from '../../tools/insights/index.ts';
import { changeTools } from './change-tools.ts';
import { listInsight, listTool } from './describe-tool.ts';
import { taskTools } from './task-tools.ts';
import type { ListedTool } from './tool-definition.ts';

/**
 * Every tool with its JSON Schemas. The build replaces this module by its value, so that a starting server converts no schema and loads
 * no declaration.
 */
export const toolList: readonly ListedTool[] = [...insights.map(listInsight), ...commands.map(listTool), ...taskTools, ...changeTools];
