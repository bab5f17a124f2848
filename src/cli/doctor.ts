import { isError, MailStoreError } from '../base/errors.ts';
import { escapeHidden, toVisibleLine } from '../base/escape-hidden.ts';
import { loadConfig, loadKnownSettings, type Config } from '../config/load.ts';
import { connectedTools } from './connected-tools.ts';
import { defineAction, defineSubcommand, flag, type Given } from './define-subcommand.ts';
import { causes, type Diagnosis } from './doctor/causes.ts';
import { checkClients } from './doctor/check-clients.ts';
import { checkServer } from './doctor/check-server.ts';
import { checkJournal, checkLeftovers, checkStateFolder } from './doctor/check-state.ts';

const options = { json: flag('write one line of JSON for each finding') };

export const doctor = defineSubcommand({
  name: 'doctor',
  summary: 'find out why something does not work, and what cures it',
  settings: 'all',
  action: defineAction({
    options,
    examples: [
      { line: 'doctor', shows: 'a checklist: connection, certificate, login, state folder, clients' },
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

async function runDoctor({ flags, json }: Given<typeof options, object>): Promise<void> {
  const findings = await findAll(flags);
  for (const finding of findings)
    process.stdout.write(json ? `${escapeHidden(JSON.stringify(describeFinding(finding)))}\n` : formatFinding(finding));
  const problem = findings.find((finding) => getLevel(finding) === 'problem');
  if (!json) process.stdout.write(problem ? '' : '\nNothing is wrong.\n');
  const exitCode = problem?.cause && causes[problem.cause].exitCode;
  process.exitCode = typeof exitCode === 'number' ? exitCode : 0;
}

async function findAll(flags: Given['flags']): Promise<readonly Diagnosis[]> {
  const found: Diagnosis[] = [{ check: 'program', says: `Node ${process.versions.node} on ${process.platform}, ${process.execPath}` }];
  let config: Config | undefined;
  try {
    config = loadConfig({ flags });
    const { accessFrom } = loadKnownSettings({ flags });
    found.push({
      check: 'access',
      says: `The access level is ${config.access}, set by ${accessFrom}; ${connectedTools(config.targets).length} tools are known.`,
    });
  } catch (error) {
    const cause = isError(error, 'notPrivate') ? 'stateOpenToOthers' : 'configurationInvalid';
    found.push({ check: 'configuration', cause, says: readMessage(error) });
  }
  const secrets = [...Object.values(config?.secretVariables ?? {}), ...(config?.targets ?? []).map(({ password }) => password)];
  for (const target of config?.targets ?? []) {
    const prefix = (config?.targets.length ?? 0) > 1 ? `${target.name}: ` : '';
    const findings = await checkServer(target, config?.timeoutMs ?? 10_000, { secrets });
    found.push(...findings.map((finding) => ({ ...finding, check: `${prefix}${finding.check}` })));
  }
  try {
    const folder = config?.stateDir ?? loadKnownSettings({ flags }).stateDir;
    found.push(...checkStateFolder(folder), ...(await checkJournal(folder)));
  } catch (error) {
    if (config) throw error;
  }
  const clients = checkClients({ access: config?.access ?? 'read-only', toolsets: config?.toolsets ?? [], targets: config?.targets ?? [] });
  return [...found, ...checkLeftovers(), ...clients];
}

function getLevel({ cause }: Diagnosis): 'ok' | 'warning' | 'problem' {
  if (cause === undefined) return 'ok';
  return causes[cause].exitCode === 'warning' ? 'warning' : 'problem';
}

function describeFinding(finding: Diagnosis): object {
  const { check, cause, says } = finding;
  const { what, cure, exitCode } = cause === undefined ? {} : causes[cause];
  return {
    check,
    level: getLevel(finding),
    says,
    ...(cause !== undefined && { cause, what, cure, exitCode: exitCode === 'warning' ? 0 : exitCode }),
  };
}

const MARKS = { ok: 'ok      ', warning: 'warning ', problem: 'PROBLEM ' } as const;

function formatFinding(finding: Diagnosis): string {
  const { check, cause, says } = finding;
  const lines = [`${MARKS[getLevel(finding)]}${check}: ${says}`];
  if (cause !== undefined) lines.push(`        ${causes[cause].what}.`, `        ${causes[cause].cure}`);
  return lines.map((line) => `${toVisibleLine(line)}\n`).join('');
}

function readMessage(error: unknown): string {
  return error instanceof MailStoreError ? error.message : String(error);
}
