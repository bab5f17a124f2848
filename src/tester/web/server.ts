import { PageApi, type KnownNews, type PageApiOptions } from './api.ts';
import { BadRequest, readPageFiles, sendJson, startSite, tellLines, type ServedSite, type SiteRequest } from './site.ts';

export interface PageServerOptions extends PageApiOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** The folder that holds the built page. */
  readonly pageFolder: string;
}

/** Serves the tester's page on this machine alone. Throws MailStoreError when the port is taken. */
export async function startPageServer({ port, pageFolder, ...options }: PageServerOptions): Promise<ServedSite> {
  const api = new PageApi(options);
  const answer = async ({ method, path, query, response, signal, readBody }: SiteRequest): Promise<boolean> => {
    const [name = '', id = '', action] = path.split('/');
    switch (`${method} ${name}`) {
      case 'GET commands':
        sendJson(response, 200, api.contents());
        return true;
      case 'GET calls':
        sendJson(response, 200, api.callRecord(Number(id)) ?? noLongerKept());
        return true;
      case 'GET news':
        sendJson(response, 200, await api.news(readKnown(query), signal));
        return true;
      case 'POST tasks':
        if (action !== 'cancel') return false;
        await api.cancelTask(id, tellLines(response, signal), signal);
        response.end();
        return true;
      case 'POST answer':
        sendJson(response, 200, api.answer(await readBody()));
        return true;
      case 'POST copy':
        sendJson(response, 200, api.copy(await readBody()));
        return true;
      case 'POST current':
        sendJson(response, 200, await api.readCurrent(await readBody(), signal));
        return true;
      case 'POST names':
        sendJson(response, 200, await api.readNames(await readBody(), signal));
        return true;
      case 'POST call':
        await api.call(await readBody(), tellLines(response, signal), signal);
        response.end();
        return true;
    }
    return false;
  };
  return startSite({ port, files: readPageFiles(pageFolder), answer, log: options.log });
}

function noLongerKept(): never {
  throw new BadRequest(404, 'This call is no longer kept.');
}

/** Reads the tasks as `id:revision` pairs, separated by commas, and the revision of the calls. */
function readKnown(query: URLSearchParams): KnownNews | undefined {
  const [tasks, calls] = [query.get('tasks'), query.get('calls')];
  if (tasks === null || calls === null) return undefined;
  const pairs = tasks.split(',').filter((pair) => pair !== '');
  return {
    tasks: new Map(
      pairs.map((pair) => {
        const [id = '', revision] = pair.split(':');
        return [id, Number(revision)];
      }),
    ),
    callsRevision: Number(calls),
  };
}
