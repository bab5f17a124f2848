import { catalogueFor } from '../../tools/index.ts';
import type { Access } from '../base/target.ts';
import type { Edition } from '../catalogue/define-command.ts';
import { compactTools } from '../mcp/compact-tools.ts';
import { createToolList } from '../mcp/tool-list.ts';
import type { ListedTool } from '../mcp/tool-definition.ts';

/**
 * The tools of each edition that can be connected to. The build replaces this module by its value, so that a starting server converts no schema
 * and loads no declaration.
 */
export const toolLists: Readonly<Partial<Record<Edition, readonly ListedTool[]>>> = {
  server: createToolList(catalogueFor('server')),
};

/** The tools of a compact surface at each access level. */
export const compactLists: Readonly<Record<Access, readonly ListedTool[]>> = {
  'read-only': compactTools('read-only'),
  'read-write': compactTools('read-write'),
  full: compactTools('full'),
};
