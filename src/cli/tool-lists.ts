import { catalogueFor } from '../../tools/index.ts';
import type { Edition } from '../catalogue/define-command.ts';
import { createToolList } from '../mcp/tool-list.ts';
import type { ListedTool } from '../mcp/tool-definition.ts';

/**
 * The tools of each edition that can be connected to. The build replaces this module by its value, so that a starting server converts no schema
 * and loads no declaration.
 */
export const toolLists: Readonly<Partial<Record<Edition, readonly ListedTool[]>>> = {
  server: createToolList(catalogueFor('server')),
};
