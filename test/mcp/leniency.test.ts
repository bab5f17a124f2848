import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { callTool, startServer, type RunningServer } from '../helpers/start-server.ts';

let sandbox: Sandbox;
let server: RunningServer;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 'small', runSeconds: 0.2 });
  server = await startServer({ sandbox, access: 'full' });
});
afterAll(async () => {
  await server.close();
  await sandbox.close();
});

describe('a value that a client sends as text', () => {
  test.each([
    ['a number', 'get_worker_results', { fromIncluding: '2020-01-01', toExcluding: '2030-01-01', timeZoneID: '$Local', profileID: '7' }],
    ['a size of a page', 'get_users', { limit: '10', offset: '0' }],
    ['a truth value', 'get_stores', { includeSize: 'false' }],
    ['null for what may be left out', 'get_users', { match: null, limit: null }],
    ['a list of one', 'set_user_email_addresses', { userName: 'johndoe', emailAddresses: 'jd@example.com' }],
    ['a list of words', 'set_user_privileges', { userName: 'johndoe', privileges: 'login, changePassword' }],
    ['a list of fields', 'get_users', { fields: 'userName,fullName' }],
    ['a list', 'set_user_email_addresses', { userName: 'johndoe', emailAddresses: '["jd@example.com"]' }],
  ])('is taken for %s', async (_what, tool, args) => {
    const answer = await callTool(server, tool, args);
    expect(answer.text).not.toContain('was not called');
    expect(answer.isError).toBe(false);
  });

  test.each([
    ['fields', 'get_users', { fields: 'userName', limit: 1 }, 'items', [{ userName: 'admin' }]],
    ['two addresses', 'set_user_email_addresses', { emailAddresses: 'a@z.example, b@z.example' }, 'change', 'a@z.example'],
  ])('is the list of %s that it names', async (_what, tool, args, shown, value) => {
    const { structured, text } = await callTool(server, tool, tool === 'get_users' ? args : { userName: 'johndoe', ...args });
    if (typeof value !== 'string') expect(structured[shown]).toEqual(value);
    else {
      expect(text).toContain('Done.');
      const { after } = structured[shown] as { after: { emailAddresses: readonly string[] } };
      expect(after.emailAddresses).toContain(value);
      expect(sandbox.world.user('johndoe').emailAddresses).toEqual(after.emailAddresses);
    }
  });

  test.each(['-', '+', '--'])('is no field to sort by where it is %j', async (sort) => {
    const { isError, text } = await callTool(server, 'get_users', { sort });
    expect([isError, text]).toEqual([
      true,
      'get_users was not called: sort: must name a field, such as userName, or -userName for the largest first. Correct this and call again.',
    ]);
  });

  test('is taken for an object where it is its JSON', async () => {
    const settings = JSON.stringify({
      hostname: 'mail.example.org',
      port: 25,
      protocol: 'SMTP',
      ignoreSslPolicyErrors: false,
      authenticationRequired: false,
      fromDisplayName: 'x',
      fromEmailAddress: 'a@example.org',
      recipientEmailAddress: 'b@example.org',
    });
    const { text } = await callTool(server, 'set_smtp_settings', { settings });
    expect(text).not.toContain('expected record');
    expect(text).not.toContain('expected object');
  });

  test('is refused where it is the text null and null would clear', async () => {
    const answer = await callTool(server, 'set_user_full_name', { userName: 'johndoe', fullName: 'null' });
    expect(answer).toMatchObject({
      isError: true,
      text: expect.stringContaining('fullName is the text "null"; write null without quotes') as unknown,
    });
    expect((await callTool(server, 'get_user_info', { userName: 'johndoe' })).structured['fullName']).toBe('John Doe');
  });

  test.each(['seven', '7 ', '7e0', '0x7', ''])('is no number where it is %j', async (limit) => {
    const { text } = await callTool(server, 'get_users', { limit });
    if (limit.trim() === '7') expect(text).not.toContain('was not called');
    else expect(text).toContain('limit');
  });
});

test.each(['no-at-sign', 'a@', '@b', 'a b@c.example', ''])('%j is refused as an e-mail address', async (address) => {
  const { isError, text } = await callTool(server, 'set_user_email_addresses', { userName: 'johndoe', emailAddresses: [address] });
  expect(isError).toBe(true);
  expect(text).toContain('emailAddresses');
});

test.each(['2026-11-01T00:00:00-08:00', '2026-11-01T08:00:00Z', '2026-11-01T09:00+0100'])(
  'the offset of %s is converted, so that each form of a moment gives the same window',
  async (fromIncluding) => {
    const args = { fromIncluding, toExcluding: '2030-01-01', timeZoneID: 'UTC' };
    const wanted = sandbox.world.state.workerResults.filter(({ startTime }) => startTime >= '2026-11-01T08:00:00');
    expect((await callTool(server, 'get_worker_results', args)).structured).toMatchObject({ total: wanted.length });
  },
);
