/** Thrown when the tester's process does not answer; `isGone` is true if its port is closed. */
export class RequestFailed extends Error {
  readonly isGone: boolean;

  constructor(message: string, options: { readonly isGone: boolean }) {
    super(message);
    this.isGone = options.isGone;
  }
}

/** Asks the page's server. Throws RequestFailed with the reason that it gives. */
export async function getJson<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return readJson<Answer>(await request(path, { ...(signal && { signal }) }));
}

/** Sends a request to the page's server. Throws RequestFailed with its reason. */
export async function postJson<Answer>(path: string, body: unknown): Promise<Answer> {
  return readJson<Answer>(await post(path, body));
}

/** Sends a request to the page's server and reports each line of its answer in order. */
export async function streamEvents<Event>(path: string, body: unknown, onEvent: (event: Event) => void): Promise<void> {
  const response = await post(path, body);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    const lines = (rest + part.value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onEvent(JSON.parse(line) as Event);
  }
}

async function post(path: string, body: unknown): Promise<Response> {
  return request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new RequestFailed('The tester has ended. Start it again, and open the address that it prints.', { isGone: true });
  }
  if (response.ok) return response;
  const { error } = await readJson<{ readonly error?: string }>(response);
  throw new RequestFailed(error ?? `The tester answered with HTTP ${response.status}.`, { isGone: false });
}

async function readJson<Answer>(response: Response): Promise<Answer> {
  return (await response.json()) as Answer;
}
