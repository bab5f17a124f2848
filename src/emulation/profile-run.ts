import { getArchive, CommandFailure, type Step, type World, type WorldProfile, type WorldWorkerResult } from './world.ts';

/** What a run needs of its profile; a temporary profile has no id. */
type RunnableProfile = Pick<WorldProfile, 'name' | 'owner' | 'type' | 'connector' | 'details'> & { readonly id: number | null };

const EXPORT_TYPE = 'E';
const BATCHES = 5;

/** One message in so many runs makes the run end with a warning. */
const RUNS_PER_WARNING = 25;

/**
 * Runs a profile as its connector would: an archiving profile adds messages to the current store, in folders of existing archives or in
 * the archive that its details name as `targetUserFolder`; an export profile only reads. The end of the run, whichever it is, is
 * recorded as a worker result, which is also the return value; closing the generator with `return()` records it as `cancelled`.
 * Thrown when there is no current store: CommandFailure, after the run is recorded as `failed`.
 */
export function* runProfile(world: World, profile: RunnableProfile): Generator<Step, WorldWorkerResult, void> {
  const run = { result: 'cancelled', itemsArchived: 0 };
  const startTime = world.now();
  const report = [`Profile: ${profile.name}`];
  const work = profile.type === EXPORT_TYPE ? exportMessages(world) : archiveMessages(world, profile, run);
  let entry: WorldWorkerResult;
  try {
    const warned = yield* reported(world, report, work);
    run.result = warned ? 'completedWithWarnings' : 'succeeded';
  } catch (error) {
    run.result = 'failed';
    if (error instanceof CommandFailure) report.push(error.message);
    throw error;
  } finally {
    report.push(`Messages archived: ${run.itemsArchived}`, `Result: ${run.result}`);
    entry = {
      id: world.nextId('workerResult'),
      userName: profile.owner,
      profileId: profile.id,
      profileName: profile.id === null ? null : profile.name,
      ...run,
      startTime,
      completeTime: world.now(),
      machineName: world.state.server.machineName,
      report: report.join('\n'),
    };
    world.state.workerResults.push(entry);
  }
  return entry;
}

/** Passes the steps on and writes them into the report; returns whether one of them was a warning. */
function* reported(world: World, report: string[], steps: Iterable<Step>): Generator<Step, boolean, void> {
  let warned = false;
  for (const step of steps) {
    const warning = step.type === 'warning';
    report.push(`${world.now()} ${warning ? 'Warning: ' : ''}${step.text}`);
    warned ||= warning;
    yield step;
  }
  return warned;
}

function* archiveMessages(world: World, profile: RunnableProfile, run: { itemsArchived: number }): Generator<Step, void, void> {
  yield { percent: 5, text: `Connecting to the source of '${profile.name}'` };
  yield { percent: 12, text: 'Opening the current archive store' };
  world.currentStore();
  const warned = world.random() * RUNS_PER_WARNING < 1;
  for (let batch = 0; batch < BATCHES; batch++) {
    const folder = targetFolder(world, profile);
    yield { percent: 20 + batch * 14, text: `Archiving new messages to ${folder}` };
    const count = Math.floor(world.random() * 4);
    for (let i = 0; i < count; i++) addMessage(world, folder);
    run.itemsArchived += count;
  }
  if (warned) yield { percent: 90, text: 'One message has no readable date; the time of its delivery is used', type: 'warning' };
  yield { percent: 95, text: 'Closing the connection' };
}

function* exportMessages(world: World): Generator<Step, void, void> {
  yield { percent: 5, text: 'Opening the export target' };
  const total = world.visibleMessages().length;
  for (let batch = 1; batch <= BATCHES; batch++) {
    yield { percent: 5 + batch * 17, text: `Exported ${Math.floor((total * batch) / BATCHES)} of ${total} messages` };
  }
  yield { percent: 95, text: 'Closing the export target' };
}

function targetFolder(world: World, profile: RunnableProfile): string {
  const { targetUserFolder } = profile.details;
  if (typeof targetUserFolder === 'string' && targetUserFolder !== '') return `${targetUserFolder}/Inbox`;
  const folders = world.state.folders.filter((folder) => /^[^/]+\/(Inbox|Sent Items)$/.test(folder));
  return folders.length > 0 ? pick(world, folders) : '@catchall/Inbox';
}

/** Adds a message to the current store, and what the archive lacks for it: the folder, and the store's index of this archive. */
function addMessage(world: World, folder: string): void {
  const store = world.currentStore();
  const archive = getArchive(folder);
  world.addFolder(folder);
  if (!world.state.indexes.some((index) => index.storeId === store.id && index.folder === archive)) {
    world.state.indexes.push({ storeId: store.id, folder: archive, needsRebuild: false, selectedForRebuild: false, lastRebuilt: null });
  }

  const user = world.state.users.find(({ userName }) => userName === archive);
  const own = user?.emailAddresses[0] ?? `${archive.replaceAll(/[^\w.-]/g, '')}@example.com`;
  const other = `${pick(world, PEOPLE)}@${pick(world, DOMAINS)}`;
  const [from, to] = folder.endsWith('/Sent Items') ? [own, other] : [other, own];
  world.state.messages.push({
    storeId: store.id,
    number: world.nextId('message'),
    folder,
    subject: `${pick(world, OPENINGS)}${pick(world, SUBJECTS)} ${1000 + Math.floor(world.random() * 9000)}`,
    from,
    to,
    date: world.now(),
    size: 2_000 + Math.floor(world.random() ** 3 * 900_000),
  });
}

const PEOPLE = [
  'nadia.haddad',
  'tomasz.nowak',
  'ingrid.solberg',
  'wei.zhang',
  'carla.bianchi',
  'orders',
  'support',
  'accounts',
  'newsletter',
];
const DOMAINS = ['supplier.example', 'customer.example', 'partner.example', 'example.net', 'example.org'];
const OPENINGS = ['', '', 'Re: ', 'Re: ', 'Fwd: '];
const SUBJECTS = [
  'Invoice',
  'Order confirmation',
  'Delivery note',
  'Contract draft',
  'Meeting notes',
  'Offer',
  'Support case',
  'Travel booking',
];

function pick(world: World, values: readonly string[]): string {
  return values[Math.floor(world.random() * values.length)] ?? '';
}
