import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { exchanges, PASSWORD, USERNAME } from '../fixtures/exchanges.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { exchangeBytes } from './client.ts';

const clock = new ManualClock();
const RUN_SECONDS = 3;
/** What the placeholders stood for in the responses so far. */
const known: Record<string, string> = {};
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 'small', clock, runSeconds: RUN_SECONDS, username: USERNAME, password: PASSWORD });
});

afterAll(async () => sandbox.close());

for (const { title, dialect, request, response, runEnded } of exchanges) {
  test(`The sandbox answers ${title} (${dialect}) as in the reference`, async () => {
    if (runEnded) await clock.advance(RUN_SECONDS * 1000);
    const received = await exchangeBytes(sandbox, fillIn(request));
    const match = makePattern(response, request).exec(received);
    if (!match) expect(received).toBe(response);
    Object.assign(known, match?.groups);
    const [head = '', body = ''] = received.split(/\r\n\r\n(.*)/s);
    expect(head).toMatch(new RegExp(`^Content-Length: ${Buffer.byteLength(body)}$`, 'm'));
  });
}

function fillIn(request: string): string {
  const filled = request.replaceAll(/\{\{(\w+)\}\}/g, (placeholder, name: string) => known[name] ?? placeholder);
  const [, body = ''] = filled.split(/\r\n\r\n(.*)/s);
  return filled.replace('{{requestLength}}', `${Buffer.byteLength(body)}`);
}

/** Turns a response into a pattern; what the request knew is filled in, and the first placeholder of each other name is a group. */
function makePattern(response: string, request: string): RegExp {
  const seen = new Set<string>();
  const pattern = response.split(/(\{\{\w+\}\})/).map((part) => {
    const name = /^\{\{(\w+)\}\}$/.exec(part)?.[1];
    if (name === undefined) return escapePattern(part);
    if (request.includes(part)) return escapePattern(known[name] ?? part);
    if (seen.has(name)) return `\\k<${name}>`;
    seen.add(name);
    return `(?<${name}>[^]*?)`;
  });
  return new RegExp(`^${pattern.join('')}$`);
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}
