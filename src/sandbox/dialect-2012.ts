import type { Command } from '../catalogue/define-command.ts';
import { CommandFailure } from '../emulation/world.ts';
import { readForm, text, type ApiRequest, type HttpAnswer, type Route } from './http.ts';
import type { HandOver, Runs, RunStatus } from './runs.ts';
import { toXml } from './xml.ts';

/** The routes of the API as it was in 2012: bare values, in JSON and in XML. */
export function routes2012(runs: Runs): readonly Route[] {
  return [
    {
      pattern: /^\/(JSON|XML)\/Invoke\/([^/]+)$/,
      methods: ['POST'],
      needsLogin: true,
      handle: (request) => reportFailures(() => invoke(runs, request)),
    },
    {
      pattern: /^\/(JSON|XML)\/Status\/([^/]+)$/,
      methods: ['POST'],
      needsLogin: true,
      handle: (request) => reportFailures(() => getStatus(runs, request)),
    },
  ];
}

function invoke(runs: Runs, request: ApiRequest): HttpAnswer {
  const [form = '', name = ''] = request.captures;
  const started = runs.start(name, readForm(request), '2012');
  if (started.kind === 'value') return write(form, shape(started.command, started.value));
  const { token } = started.status;
  return write(form, { statusToken: token, statusUrl: `/${form}/Status/${token}` });
}

async function getStatus(runs: Runs, request: ApiRequest): Promise<HttpAnswer> {
  const [form = '', token = ''] = request.captures;
  const reading = await runs.read(token, '2012');
  if (!reading) throw new CommandFailure(`The status token '${token}' does not exist.`);
  return write(form, makeStatus(reading.status), reading.handOver);
}

function makeStatus({ command, status, result, percent, log }: RunStatus) {
  return {
    // This generation has no word for a cancelled run.
    status: status === 'cancelled' ? 'failed' : status,
    result: status === 'succeeded' ? shape(command, result) : null,
    progressPercentage: percent,
    messages: log.map(({ type, text: line }) => ({ type, text: line })),
  };
}

function shape(command: Command, value: unknown): unknown {
  return command.emulate2012 ? command.emulate2012(value) : value;
}

function write(form: string, value: unknown, handOver?: HandOver): HttpAnswer {
  return form === 'XML'
    ? { status: 200, contentType: 'application/xml', body: toXml(value), handOver }
    : { status: 200, contentType: 'application/json', body: JSON.stringify(value ?? null), handOver };
}

/** Answers a CommandFailure the way this generation does: HTTP 500 and the bare message. */
async function reportFailures(answer: () => HttpAnswer | Promise<HttpAnswer>): Promise<HttpAnswer> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    return text(500, error.message);
  }
}
