import { isRow } from '../base/rows.ts';
import { isSecretName } from '../masking/secret-names.ts';

/**
 * The archive that `emulate` functions act on. `WorldState` is plain JSON data, so that the sandbox can keep it in a file; every time
 * in it is a UTC text `YYYY-MM-DDThh:mm:ss` without suffix.
 */
export interface WorldState {
  readonly seed: string;
  /** State of the pseudo-random generator; the same seed gives the same world. */
  random: number;
  /** The last id handed out, by kind of object. */
  readonly lastIds: Record<'store' | 'job' | 'jobResult' | 'profile' | 'workerResult' | 'credential' | 'message' | 'session', number>;
  readonly server: { version: string; machineName: string };
  readonly users: WorldUser[];
  /** Folder paths that exist, archives included; a folder may be empty. */
  readonly folders: string[];
  readonly messages: WorldMessage[];
  readonly stores: WorldStore[];
  /** Stores that were detached: their files are still on disk and can be attached again. Their messages stay in `messages`. */
  readonly detachedStores: WorldStore[];
  readonly indexes: WorldIndex[];
  readonly profiles: WorldProfile[];
  readonly workerResults: WorldWorkerResult[];
  readonly jobs: WorldJob[];
  readonly jobResults: WorldJobResult[];
  readonly credentials: WorldCredential[];
  readonly sessions: WorldSession[];
  directoryServices: Record<string, unknown>;
  /** The accounts in the customer's directory, which a synchronisation compares with `users`. */
  readonly directory: { userName: string; fullName: string; distinguishedName: string; emailAddresses: string[] }[];
  compliance: Record<string, unknown> & { legalHoldEnabled: boolean; logSuccessfulUserActivities: string[] };
  retentionPolicies: Record<string, unknown> & { policies: { name: string; keepDays: number; deleteMessages: boolean }[] };
  smtp: Record<string, unknown>;
  storeAutoCreate: Record<string, unknown>;
  serviceConfiguration: Record<string, unknown> & { certificateThumbprint: string };
  /** Thumbprints in the server's certificate store that SetServiceCertificate accepts. */
  readonly certificates: string[];
  license: Record<string, unknown>;
  /** Mails that the server sent: status reports and SMTP tests. */
  readonly outbox: { time: string; to: string[]; subject: string }[];
  /** The server's own audit log. */
  readonly auditLog: { time: string; activity: string; text: string }[];
  readonly backups: { time: string; path: string; includesSearchIndexes: boolean }[];
  masterKeyVersion: number;
  masterDatabaseBytes: number;
}

export interface WorldUser {
  userName: string;
  fullName: string | null;
  distinguishedName: string | null;
  authentication: 'integrated' | 'directoryServices';
  password: string;
  emailAddresses: string[];
  pop3UserNames: string[];
  privileges: string[];
  loginPrivileges: string[];
  privilegesOnFolders: { folder: string; privileges: string[] }[];
  mfaStatus: string;
  appPasswords: number;
}

export interface WorldMessage {
  storeId: number;
  /** Unique within its store; the message id of the API is `<storeId>:<number>`. */
  number: number;
  folder: string;
  subject: string;
  from: string;
  to: string;
  date: string;
  size: number;
  /** Deleted messages can be recovered until their store is compacted. */
  deleted?: true;
}

export interface WorldStore {
  id: number;
  name: string;
  type: 'FileSystemInternal' | 'SQLServer' | 'PostgreSQL';
  requestedState: 'current' | 'normal' | 'writeProtected' | 'disabled';
  error: string | null;
  needsUpgrade: boolean;
  locked: boolean;
  databaseName: string | null;
  serverName: string | null;
  userName: string | null;
  password: string | null;
  databasePath: string;
  contentPath: string;
  indexPath: string;
  recoveryRecordsDamaged: boolean;
}

export interface WorldIndex {
  storeId: number;
  /** The user archive that the index covers. */
  folder: string;
  needsRebuild: boolean;
  selectedForRebuild: boolean;
  lastRebuilt: string | null;
}

export interface WorldProfile {
  id: number;
  version: number;
  name: string;
  owner: string;
  type: string;
  connector: string;
  details: Record<string, unknown>;
  serverSideExecution: {
    automatic: boolean;
    automaticPauseBetweenExecutions: number;
    automaticMaintenanceWindows: string | null;
  };
  /** False for the profile that silently stopped: automatic, and yet it never runs again. */
  readonly alive: boolean;
}

export interface WorldWorkerResult {
  id: number;
  userName: string;
  profileId: number | null;
  profileName: string | null;
  result: string;
  itemsArchived: number;
  startTime: string;
  completeTime: string;
  machineName: string;
  report: string;
}

export interface WorldSchedule {
  timeZoneId: string;
  date?: string;
  interval?: number;
  time?: string;
  dayOfWeek?: string;
  dayOfMonth?: string;
}

export interface WorldJob {
  id: number;
  name: string;
  action: string;
  owner: string;
  enabled: boolean;
  schedule: WorldSchedule;
  creationDateTimeUtc: string;
  lastStartDateTimeUtc: string | null;
  lastCompleteDateTimeUtc: string | null;
  nextStartDateTimeUtc: string | null;
}

export interface WorldJobResult {
  jobResultId: number;
  jobId: number;
  action: string;
  startTime: string;
  completeTime: string;
  result: string;
}

export interface WorldCredential {
  ID: number;
  Type: string;
  Description: string;
  Settings: Record<string, unknown>;
}

export interface WorldSession {
  id: number;
  userName: string;
  client: string;
  address: string;
  loginTime: string;
}

/** A step of a long run: `percent` of it is done, and the server is now at `text`. */
export interface Step {
  readonly percent: number;
  readonly text: string;
  /** Kind of the log line; information when absent. */
  readonly type?: 'information' | 'warning' | 'error';
}

/** What an `emulate` function returns: the value at once, or a run of steps that ends in the value. */
export type Emulation<Value> = Value | Generator<Step, Value, void>;

/** Thrown when a command fails the way the server would report it: `message` is the server's error text. */
export class CommandFailure extends Error {
  override name = 'CommandFailure';
}

/** What the world needs from the machinery that runs it. */
export interface WorldEngine {
  /** Returns the present as milliseconds since the Unix epoch. */
  now(): number;
  /** Runs the job's action now, in the background, and records its result. */
  startJob(job: WorldJob): void;
  /** Asks a running job to stop; returns false when it is not running. */
  cancelJob(job: WorldJob): boolean;
}

/** The archive with the look-ups and small changes that many commands share. */
export class World {
  readonly state: WorldState;
  readonly engine: WorldEngine;

  constructor(state: WorldState, engine: WorldEngine) {
    this.state = state;
    this.engine = engine;
  }

  /** Returns the present as a UTC text without suffix. */
  now(): string {
    return utcText(this.engine.now());
  }

  nextId(kind: keyof WorldState['lastIds']): number {
    return ++this.state.lastIds[kind];
  }

  /** Returns a pseudo-random number in [0, 1), and moves the generator on. */
  random(): number {
    return nextRandom(this.state);
  }

  /** Returns the user; throws CommandFailure when there is none of exactly this name. */
  user(userName: string): WorldUser {
    return found(
      this.state.users.find((user) => user.userName === userName),
      `User '${userName}' does not exist.`,
    );
  }

  /** Throws CommandFailure when an account other than this one has the name; names are compared without letter case. */
  requireFreeUserName(userName: string, except?: WorldUser): void {
    const wanted = userName.toLowerCase();
    if (this.state.users.some((user) => user !== except && user.userName.toLowerCase() === wanted)) {
      throw new CommandFailure(`User '${userName}' already exists.`);
    }
  }

  /** Returns whether the archive would be left without an administrator if this user were none. */
  isLastAdministrator(user: WorldUser): boolean {
    return user.privileges.includes('admin') && !this.state.users.some((other) => other !== user && other.privileges.includes('admin'));
  }

  /** Removes a user's account, rights and sessions; the archive stays. Throws CommandFailure for the last administrator. */
  removeUser(user: WorldUser): void {
    if (this.isLastAdministrator(user))
      throw new CommandFailure(`User '${user.userName}' is the last administrator and cannot be deleted.`);
    const { users, sessions } = this.state;
    users.splice(users.indexOf(user), 1);
    sessions.splice(0, sessions.length, ...sessions.filter((session) => session.userName !== user.userName));
    this.audit('UserDelete', `User '${user.userName}' was deleted.`);
  }

  store(id: number): WorldStore {
    return found(
      this.state.stores.find((store) => store.id === id),
      `Archive store ${id} does not exist.`,
    );
  }

  job(id: number): WorldJob {
    return found(
      this.state.jobs.find((job) => job.id === id),
      `Job ${id} does not exist.`,
    );
  }

  profile(id: number): WorldProfile {
    return found(
      this.state.profiles.find((profile) => profile.id === id),
      `Profile ${id} does not exist.`,
    );
  }

  credential(id: number): WorldCredential {
    return found(
      this.state.credentials.find((credential) => credential.ID === id),
      `Credential ${id} does not exist.`,
    );
  }

  /** Throws CommandFailure unless the folder exists. */
  requireFolder(path: string): void {
    if (!this.state.folders.includes(path)) throw new CommandFailure(`Folder '${path}' does not exist.`);
  }

  /** Returns the store that receives new mail; throws CommandFailure when there is none. */
  currentStore(): WorldStore {
    return found(
      this.state.stores.find((store) => store.requestedState === 'current' && store.error === null),
      'There is no current archive store; new messages cannot be archived.',
    );
  }

  /** Returns the messages of attached, enabled stores: what a user of the archive could see. */
  visibleMessages(): WorldMessage[] {
    const open = new Set(this.state.stores.filter(isOpen).map((store) => store.id));
    return this.state.messages.filter((message) => !message.deleted && open.has(message.storeId));
  }

  /** Returns the messages that a store holds, deleted ones left out. */
  messagesIn(storeId: number): WorldMessage[] {
    return this.state.messages.filter((message) => message.storeId === storeId && !message.deleted);
  }

  /** Adds a folder and the ones above it, where they do not exist. */
  addFolder(path: string): void {
    const parts = path.split('/');
    for (let depth = 1; depth <= parts.length; depth++) {
      const prefix = parts.slice(0, depth).join('/');
      if (!this.state.folders.includes(prefix)) this.state.folders.push(prefix);
    }
  }

  /** Writes a line of the server's own audit log, if compliance settings ask for this activity. */
  audit(activity: string, text: string): void {
    if (this.state.compliance.logSuccessfulUserActivities.includes(activity)) {
      this.state.auditLog.push({ time: this.now(), activity, text });
    }
  }
}

/** Returns a pseudo-random number in [0, 1), and moves the generator's state on (mulberry32). */
export function nextRandom(generator: { random: number }): number {
  generator.random = (generator.random + 0x6d_2b_79_f5) | 0;
  let t = Math.imul(generator.random ^ (generator.random >>> 15), 1 | generator.random);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}

export function isOpen(store: WorldStore): boolean {
  return store.requestedState !== 'disabled' && store.error === null && !store.locked;
}

/** Returns a copy of settings with null in the place of what stands under the name of a secret, at any depth: that is how the server shows them. */
export function withoutSecrets(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, hideSecret(name, value)]));
}

function hideSecret(name: string, value: unknown): unknown {
  // A switch such as `passwordSet` says that there is one.
  if (typeof value !== 'boolean' && isSecretName(name)) return null;
  if (Array.isArray(value)) return value.map((entry) => (isRow(entry) ? withoutSecrets(entry) : entry) as unknown);
  return isRow(value) ? withoutSecrets(value) : value;
}

/** Returns the user archive that a folder path belongs to. */
export function getArchive(path: string): string {
  return path.split('/', 1)[0] ?? path;
}

/** Returns milliseconds since the epoch as `YYYY-MM-DDThh:mm:ss`, the server's way to write a UTC time. */
export function utcText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19);
}

/** Returns the milliseconds since the epoch of a `YYYY-MM-DDThh:mm:ss` UTC text. */
export function utcMilliseconds(text: string): number {
  return Date.parse(`${text}Z`);
}

function found<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new CommandFailure(message);
  return value;
}
