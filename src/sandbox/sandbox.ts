import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { systemClock, type Clock } from '../base/clock.ts';
import { readErrno } from '../base/errno.ts';
import { World, type WorldState, type WorldUser } from '../emulation/world.ts';
import { catalogueFor } from '../../tools/index.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { createCertificate } from './certificate.ts';
import { routes2012 } from './dialect-2012.ts';
import { Engine } from './engine.ts';
import { Faults } from './faults.ts';
import { createListener, type RecordedRequest } from './http.ts';
import { checkLogin } from './login.ts';
import { modernRoutes } from './modern.ts';
import { Runs, type RunEvent } from './runs.ts';
import { seedWorld } from './seed.ts';
import { readState, StateFile } from './state-file.ts';

export interface SandboxOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number;
  readonly host?: string;
  /** Names the world to start from; the same name gives the same world. A world kept in `stateFile` comes first. */
  readonly seed?: string;
  /** The commands that it has; those of MailStore Server by default. */
  readonly catalogue?: Catalogue;
  /** How long a long run takes; 3 by default. */
  readonly runSeconds?: number;
  /** Which generations of the API answer; both by default. */
  readonly dialect?: 'both' | 'modern' | '2012';
  /** True leaves the API switched off: its port refuses connections until `enableApi`. */
  readonly apiDisabled?: boolean;
  /** File that keeps the world from one start to the next. */
  readonly stateFile?: string;
  /** Faults to switch on, each written as in `delay=500:3@/api/get-status`. */
  readonly faults?: readonly string[];
  readonly clock?: Clock;
  /** Receives each start of a run and each end that is handed out. */
  readonly onRun?: (event: RunEvent) => void;
  /** The administrator whose login is handed out; 'admin' by default. */
  readonly username?: string;
  /** Sets the administrator's password. By default it is the one kept in `stateFile`, or else a random one. */
  readonly password?: string;
}

/** An emulated MailStore Server, reachable over HTTPS. */
export interface Sandbox {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** SHA-256 of the certificate, as upper-case hex with colons. */
  readonly fingerprint: string;
  /** The self-signed certificate, as PEM. */
  readonly certificate: string;
  readonly world: World;
  readonly faults: Faults;
  /** The latest requests, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** Ends and begins the server's process: open connections, runs and tokens are gone, the world stays. */
  restart(): Promise<void>;
  /** Switches the API on, where it was started switched off. */
  enableApi(): Promise<void>;
  /** Writes the world to its file, if it has one, and ends the server. */
  close(): Promise<void>;
}

const RECORDED_REQUESTS = 5000;
/** As long as the Windows HTTP stack keeps an idle connection. */
const KEEP_ALIVE = 120_000;

/** Starts an emulated MailStore Server. Thrown when the port is taken, or the state file or an option cannot be used. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', seed = 'default', runSeconds = 3, dialect = 'both', clock = systemClock, username = 'admin' } = options;
  const faults = new Faults(options.faults);
  const seeded = seedWorld(seed, clock.now());
  const kept = options.stateFile === undefined ? undefined : await readState(options.stateFile, seeded);
  const state = kept ?? seeded;
  const administrator = findAdministrator(state, username);
  administrator.password = options.password ?? (kept ? administrator.password : randomBytes(12).toString('base64url'));
  const stateFile = options.stateFile === undefined ? undefined : new StateFile(options.stateFile, state);
  await stateFile?.save();

  const { commands, find } = options.catalogue ?? catalogueFor('server');
  const onChange = () => stateFile?.changed();
  const engine = new Engine({ clock, invoke: (name, args) => runs.invoke(name, args), onChange });
  const world = new World(state, engine);
  engine.attach(world);
  const runs = new Runs({
    clock,
    world,
    seconds: runSeconds,
    findCommand: find,
    commandNames: commands.map(({ name }) => name),
    onChange,
    ...(options.onRun && { onRun: options.onRun }),
  });

  const requests: RecordedRequest[] = [];
  const listener = createListener({
    routes: [...(dialect === '2012' ? [] : modernRoutes(runs, commands)), ...(dialect === 'modern' ? [] : routes2012(runs))],
    faults,
    clock,
    checkLogin: (request) => checkLogin(state.users, request),
    record: (request) => {
      requests.push(request);
      if (requests.length >= 2 * RECORDED_REQUESTS) requests.splice(0, RECORDED_REQUESTS);
    },
  });
  const { certificate, privateKey, fingerprint } = await createCertificate(host);
  const server = createServer({ key: privateKey, cert: certificate, minVersion: 'TLSv1.2', keepAliveTimeout: KEEP_ALIVE }, listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const port = await listen(server, options.port ?? 0, host);
  if (options.apiDisabled) await stopListening(server, sockets);
  engine.start();

  return {
    url: `https://${urlHost(host)}:${port}`,
    get username() {
      return administrator.userName;
    },
    get password() {
      return administrator.password;
    },
    fingerprint,
    certificate,
    world,
    faults,
    requests,
    async restart() {
      const wasListening = server.listening;
      engine.stop();
      await runs.forgetAll();
      await stopListening(server, sockets);
      if (wasListening) await listen(server, port, host);
      engine.start();
    },
    async enableApi() {
      if (!server.listening) await listen(server, port, host);
    },
    async close() {
      engine.stop();
      await runs.forgetAll();
      await stopListening(server, sockets);
      await stateFile?.save();
    },
  };
}

function findAdministrator(state: WorldState, username: string): WorldUser {
  const user = state.users.find(({ userName }) => userName === username);
  if (!user) throw new Error(`The sandbox has no user '${username}'.`);
  if (!user.privileges.includes('admin')) throw new Error(`The sandbox's user '${username}' is no administrator.`);
  return user;
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const reason = readErrno(error) === 'EADDRINUSE' ? 'it is in use' : String(error);
    throw new Error(`The sandbox cannot listen on port ${port} of ${host}: ${reason}.`, { cause: error });
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

async function stopListening(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
