import { onTestFinished } from 'vitest';
import * as z from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';
import type { Command } from '../../src/catalogue/define-command.ts';
import { MailStoreClient, type ClientOptions, type Outcome } from '../../src/client/client.ts';
import { passGate, type Permit } from '../../src/policy/gate.ts';
import type { TaskRecord } from '../../src/journal/task-record.ts';
import type { TaskCall, TaskRunner } from '../../src/tasks/runner.ts';
import { catalogue, findCommand } from './server-catalogue.ts';

/** Where a client finds its MailStore: a sandbox, or a server in place of one. */
interface Far {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly fingerprint: string;
}

export interface TestClient {
  readonly client: MailStoreClient;
  /** The pauses that the client has made, in milliseconds; none of them took any time. */
  readonly pauses: readonly number[];
  /** Everything logged, as `level: message`. */
  readonly logged: readonly string[];
  /** Calls a command with arguments as a caller writes them; a person says yes to what is destructive. */
  call(name: string, args?: Readonly<Record<string, unknown>>): Promise<Outcome>;
}

/** Makes a client of a server, pinned to its certificate; closed when the test is over. */
export function startClient({ url, username, password, fingerprint }: Far, options: Partial<ClientOptions> = {}): TestClient {
  const pauses: number[] = [];
  const logged: string[] = [];
  const client = new MailStoreClient({
    origin: url,
    username,
    password,
    trust: { fingerprint },
    api: 'auto',
    catalogue,
    timeoutMs: 10_000,
    clock: {
      ...systemClock,
      now: () => Date.UTC(2026, 2, 4, 9),
      sleep: async (ms) => {
        pauses.push(ms);
      },
    },
    log: collectingLog(logged),
    ...options,
  });
  onTestFinished(async () => client.close());
  return {
    client,
    pauses,
    logged,
    call: async (name, args = {}) => {
      const command = commandNamed(name);
      const parsed = z.strictObject(command.input).parse(args);
      return client.send(await client.prepare(permitted(command, parsed)));
    },
  };
}

/** Returns the permit of a call that a server with full access makes, with a person's yes. */
export function permitted(command: Command, args: Readonly<Record<string, unknown>> = {}): Permit {
  return passGate(command, args, { access: 'full', yes: { given: true } });
}

/** Starts a task by a permitted call. */
export async function startTask(runner: TaskRunner, call: TaskCall): Promise<TaskRecord> {
  return runner.start(call, permitted(call.command, call.args));
}

export function commandNamed(name: string): Command {
  const command = findCommand(name);
  if (!command) throw new Error(`no command ${name}`);
  return command;
}

/** A log that keeps its lines in an array. */
export function collectingLog(lines: string[]): Log {
  const at = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}
