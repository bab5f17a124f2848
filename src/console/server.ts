import { pipeline } from 'node:stream/promises';
import { readPageFiles, sendJson, startSite, tellLines, type ServedSite, type SiteRequest } from '../tester/web/site.ts';
import { ConsoleApi, type ConsoleOptions } from './console-api.ts';

export interface ConsoleServerOptions extends ConsoleOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** The folder that holds the built page. */
  readonly pageFolder: string;
}

/** Serves the console's page on this machine alone. Throws MailStoreError when the port is taken. */
export async function startConsoleServer({ port, pageFolder, ...options }: ConsoleServerOptions): Promise<ServedSite> {
  const api = new ConsoleApi(options);
  const answer = async ({ method, path, query, response, signal, readBody }: SiteRequest): Promise<boolean> => {
    const [name = '', room = ''] = path.split('/');
    switch (`${method} ${name}`) {
      case 'GET contents':
        sendJson(response, 200, api.contents());
        return true;
      case 'GET rooms':
        sendJson(response, 200, await api.room(room, query, signal));
        return true;
      case 'GET inbox':
        sendJson(response, 200, await api.inbox());
        return true;
      case 'POST inbox':
        await api.decide(await readBody(), tellLines(response, signal), signal);
        response.end();
        return true;
      case 'POST answer':
        sendJson(response, 200, api.answer(await readBody()));
        return true;
      case 'GET record':
        sendJson(response, 200, await api.record(query));
        return true;
      case 'POST revert':
        await api.revert(await readBody(), tellLines(response, signal), signal);
        response.end();
        return true;
      case 'GET verify':
        sendJson(response, 200, await api.verify());
        return true;
      case 'GET export': {
        const { fileName, type, lines } = api.export(query);
        response.writeHead(200, { 'content-type': type, 'content-disposition': `attachment; filename="${fileName}"` });
        await pipeline(lines, response, { signal });
        return true;
      }
    }
    return false;
  };
  return startSite({ port, files: readPageFiles(pageFolder), answer, log: options.log });
}
