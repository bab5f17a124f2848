import { escapeHidden, toVisibleLine } from '../base/escape-hidden.ts';
import { addKeptSettings } from '../config/kept-settings.ts';
import { hasOwnSettings, readEnvironment } from '../config/load.ts';
import { mcpClients, thisMachine } from '../config/mcp-clients.ts';
import { acceptSome } from '../config/setting-types.ts';
import { defineAction, defineSubcommand, flag, loadSubcommand, option, type Given, type RunContext } from './define-subcommand.ts';
import { causes, describeCure, describeCures, type Diagnosis } from './doctor/causes.ts';
import { checkEntries } from './doctor/check-clients.ts';
import { checkConfiguration, readStateDir } from './doctor/check-configuration.ts';
import { checkJournal, checkLeftovers, checkStateFolder } from './doctor/check-state.ts';
import { findClientEntries } from './doctor/client-entries.ts';
import { wrapLines } from './help-text.ts';
import { readScreen } from './screen.ts';

const options = {
  client: option(
    acceptSome(mcpClients.map(({ id }) => id)),
    'check the entries of these clients, each with its own variables; without it, the MAILSTORE_* variables of this terminal, or all clients where it has none',
  ),
  json: flag('write one line of JSON for each finding'),
};

type DoctorGiven = Given<typeof options, object>;

export const doctor = defineSubcommand({
  name: 'doctor',
  summary: 'find out why something does not work, and what cures it',
  settings: 'all',
  action: defineAction({
    options,
    examples: [
      { line: 'doctor', shows: 'a checklist: connection, certificate, login, state folder, clients' },
      { line: 'doctor --client claude-desktop', shows: 'the same for what Claude Desktop starts' },
      { line: 'doctor --json', shows: 'the same for a program' },
    ],
    notes: () =>
      [
        'Exit codes: 0 nothing wrong, 2 configuration, 4 connection or certificate, 5 login, 6 the API, 7 the state folder.',
        'docs/troubleshooting.md lists everything that it can find.',
      ].join('\n'),
    run: runDoctor,
  }),
});

async function runDoctor(given: DoctorGiven, context: RunContext): Promise<void> {
  const { json } = given;
  const findings = await findAll(given, context);
  for (const finding of findings)
    process.stdout.write(json ? `${escapeHidden(JSON.stringify(describeFinding(finding)))}\n` : formatFinding(finding));
  const problem = findings.find((finding) => getLevel(finding) === 'problem');
  if (!json) process.stdout.write(problem ? '' : '\nNothing is wrong.\n');
  const exitCode = problem?.cause && causes[problem.cause].exitCode;
  process.exitCode = typeof exitCode === 'number' ? exitCode : 0;
}

/** Checks the settings of this terminal where it has any; else the entries of clients, each with its own. */
async function findAll({ flags, client }: DoctorGiven, context: RunContext): Promise<readonly Diagnosis[]> {
  const found: Diagnosis[] = [{ check: 'program', says: `Node ${process.versions.node} on ${process.platform}, ${process.execPath}` }];
  const chosen = client && mcpClients.filter(({ id }) => client.includes(id));
  const { entries, findings } = findClientEntries(thisMachine(), chosen);
  const serve = await loadSubcommand('serve', context);
  const checksEntries = client !== undefined || !hasOwnSettings({ flags });
  // What setup kept for the terminal is what its clients start, too; it is checked where no client has an entry.
  const kept = checksEntries && client === undefined && entries.length === 0 ? addKeptSettings({ flags }) : flags;
  const own = checksEntries && kept === flags ? undefined : await checkConfiguration({ flags: kept });
  if (own) found.push(...own.findings);
  else if (entries.length === 0) {
    const says =
      chosen === undefined
        ? 'No MAILSTORE_* variable is set here, and no file of a client has an entry that starts this program.'
        : `No entry of ${chosen.map(({ name }) => name).join(', ')} starts this program.`;
    found.push({ check: 'configuration', cause: 'notConfigured', says });
  }
  const checked = await checkEntries(entries, { own: readEnvironment(), serve, connects: checksEntries });
  // Servers that share a state folder find the same there.
  const ownFolder = own || entries.length === 0 ? readStateDir({ flags }) : undefined;
  const folders = new Set([...(ownFolder === undefined ? [] : [ownFolder]), ...checked.stateDirs]);
  found.push(...findings, ...checked.findings);
  for (const folder of folders) found.push(...checkStateFolder(folder), ...(await checkJournal(folder)));
  return [...found, ...checkLeftovers()];
}

function getLevel({ cause }: Diagnosis): 'ok' | 'warning' | 'problem' {
  if (cause === undefined) return 'ok';
  return causes[cause].exitCode === 'warning' ? 'warning' : 'problem';
}

function describeFinding(finding: Diagnosis): object {
  const { check, cause, says } = finding;
  const { what, exitCode } = cause === undefined ? {} : causes[cause];
  const alternatives = finding.alternatives?.map((id) => ({ cause: id, what: causes[id].what, cure: describeCure(id) }));
  return {
    check,
    level: getLevel(finding),
    says,
    ...(cause !== undefined && { cause, what, cure: describeCure(cause), exitCode: exitCode === 'warning' ? 0 : exitCode }),
    ...(alternatives && { alternatives }),
  };
}

const MARKS = { ok: 'ok      ', warning: 'warning ', problem: 'PROBLEM ' } as const;

function formatFinding(finding: Diagnosis): string {
  const { check, says } = finding;
  const mark = MARKS[getLevel(finding)];
  const { localise } = readScreen(process.stdout);
  const lines = [`${check}: ${localise(says)}`, ...describeCures(finding)].map(
    (line) => `${' '.repeat(mark.length)}${toVisibleLine(line)}`,
  );
  const text = (process.stdout.isTTY ? lines.map(wrapLines) : lines).join('\n');
  return `${mark}${text.slice(mark.length)}\n`;
}
