import { createToolList } from '../../src/mcp/tool-list.ts';
import { catalogueFor } from '../../tools/index.ts';

/** The catalogue of MailStore Server. */
export const catalogue = catalogueFor('server');
export const { commands, insights, find: findCommand } = catalogue;
export const toolList = createToolList(catalogue);
