import { EventEmitter, once } from 'node:events';
import { expect, test } from 'vitest';
import { commandNamed, startClient } from '../helpers/start-client.ts';
import { respond, respondJson, respondStatus, startTlsServer } from '../helpers/tls-server.ts';

test('a read is answered while the server holds the polls of 50 running commands open', async () => {
  const steps = new EventEmitter();
  const released = once(steps, 'released').then(() => respondStatus(2));
  const allHeld = once(steps, 'held');
  let held = 0;
  const far = await startTlsServer(({ path }) => {
    if (path.startsWith('/api/get-metadata')) return respond('404 Not Found', 'text/plain', '');
    if (!path.includes('get-status'))
      return respondJson({ error: null, token: null, statusVersion: 2, statusCode: 'succeeded', result: {} });
    if (++held === 50) steps.emit('held');
    return { later: released };
  });
  const { client, call } = startClient(far, { api: 'modern', timeoutMs: 600_000 });
  const run = { token: 'T', dialect: 'modern' } as const;
  const polls = Array.from({ length: 50 }, async () => client.poll(run, 1));
  await allHeld;
  expect(await call('GetServerInfo')).toMatchObject({ kind: 'value' });
  steps.emit('released');
  const answers = await Promise.all(polls);
  const command = commandNamed('VerifyStore');
  expect(answers.map((answer) => client.readPoll(command, run, answer).kind)).toEqual(Array.from({ length: 50 }, () => 'running'));
});
