import type { Target } from '../config/load.ts';
import { settings } from '../config/settings.ts';
import { mergeToolLists } from '../mcp/offered-tools.ts';
import type { ListedTool } from '../mcp/tool-definition.ts';
import { toolLists } from './tool-lists.ts';

/** Returns every tool of the editions of these targets, or of the default edition if there are none. */
export function connectedTools(targets: readonly Pick<Target, 'edition'>[]): readonly ListedTool[] {
  const editions = targets.length > 0 ? targets.map(({ edition }) => edition) : [settings.edition.default];
  return mergeToolLists([...new Set(editions)].map((edition) => toolLists[edition] ?? []));
}
