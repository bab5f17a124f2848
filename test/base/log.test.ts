import { expect, onTestFinished, test, vi } from 'vitest';
import { createLog, LOG_LEVELS, type LogLevel } from '../../src/base/log.ts';
import { Redactor } from '../../src/masking/redactor.ts';

test.each<[LogLevel, readonly string[]]>([
  ['error', ['error']],
  ['warn', ['error', 'warn']],
  ['info', ['error', 'warn', 'info']],
  ['debug', ['error', 'warn', 'info', 'debug']],
])('at the level %s the log writes %j', (level, written) => {
  const lines: string[] = [];
  const log = createLog(level, { write: (line) => void lines.push(line) });
  for (const name of LOG_LEVELS) log[name]('hello');
  expect(lines).toEqual(written.map((name) => `mailstore-mcp ${name}: hello\n`));
});

test('a message of several lines is logged as one', () => {
  const lines: string[] = [];
  createLog('info', { write: (line) => void lines.push(line) }).info('first\r\nsecond\n\nthird');
  expect(lines).toEqual(['mailstore-mcp info: first second third\n']);
});

test('a line shows no secret, also one of several lines and one that became known later', () => {
  const lines: string[] = [];
  const redactor = new Redactor();
  const log = createLog('info', { redactor, write: (line) => void lines.push(line) });
  redactor.add('Quiet\nHarbour');
  redactor.add('Amber-Lantern-7', 'admin');
  log.error('login with Quiet\nHarbour failed\n at Basic YWRtaW46QW1iZXItTGFudGVybi03');
  expect(lines).toEqual(['mailstore-mcp error: login with *** failed  at Basic ***\n']);
});

test('a line gives a terminal no commands', () => {
  const lines: string[] = [];
  createLog('info', { write: (line) => void lines.push(line) }).warn('the server has \u001B]8;;https://evil.example\u0007\u202E');
  expect(lines).toEqual(['mailstore-mcp warn: the server has [U+001B]]8;;https://evil.example[U+0007][U+202E]\n']);
});

test('the log goes to stderr and never to stdout', () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  onTestFinished(() => void vi.restoreAllMocks());
  createLog('debug').debug('hello');
  const written = [stderr.mock.calls.map(([text]) => text), stdout.mock.calls];
  vi.restoreAllMocks();
  expect(written).toEqual([['mailstore-mcp debug: hello\n'], []]);
});
