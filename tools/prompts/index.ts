import { definePrompt, type Prompt } from '../../src/catalogue/define-prompt.ts';
import { fullNames, senderAddress, storeNames, userNames } from '../resources/index.ts';

/** Ends the prompts of changes. */
const CAREFUL =
  'Before each change say what it will do. If a tool is not in your list, the access of this server does not allow it: say which access would, and stop. ' +
  'Read the state again at the end, and report what was changed, what was not, and how to put it back (list_changes).';

/** Says how the tool of a plan is used. */
function runPlan(tool: string): string {
  return `That call changes nothing: show me its steps and cautions, and after my yes call ${tool} with the planId that it returned.`;
}

/** The requests that recur in the administration of an archive. */
export const prompts: readonly Prompt[] = [
  definePrompt({
    name: 'morning_check',
    title: 'Morning check',
    description: 'Is everything well since yesterday? Health, gaps in archiving, failed runs.',
    arguments: {},
    text: () =>
      'Check the archive. Call archive_health; if profiles are not ok, archiving_gaps; if runs or jobs failed, failed_runs with days 2. ' +
      'Report in at most ten lines: what is broken, what needs attention, what you could not look at. Change nothing.',
  }),
  definePrompt({
    name: 'onboard',
    title: 'Onboard a user',
    description: 'Makes an account for a new colleague, with addresses and rights.',
    arguments: {
      userName: { description: 'Login name of the new user; those of others show how they are formed.', required: true, values: userNames },
      fullName: { description: 'Full name.', values: fullNames },
      emailAddress: { description: 'Primary e-mail address.', values: senderAddress },
      like: { description: 'A colleague whose rights the user gets.', values: userNames },
    },
    text: ({ userName, fullName, emailAddress, like }) =>
      `Make an account for a new colleague: login name ${userName}${part(', full name ', fullName)}${part(', address ', emailAddress)}${part(
        ', rights like those of ',
        like,
      )}. First get_directory_services_configuration: where a directory makes the accounts, say so and ask me before you go on. ` +
      `Then onboard_user with userName${part(', fullName', fullName)}${part(', emailAddresses', emailAddress)}${part(', like', like)}. ${runPlan('onboard_user')} ${CAREFUL}`,
  }),
  definePrompt({
    name: 'leaver',
    title: 'Offboard a leaver',
    description: 'Takes away logins and rights of somebody who leaves, and keeps the mail.',
    arguments: {
      userName: { description: 'Login name of the leaver.', required: true, values: userNames },
      successor: { description: 'Who may read the archive from now on.', values: userNames },
    },
    text: ({ userName, successor }) =>
      `${userName} leaves. Keep the mail, take away the access. First access_report with userName ${userName}. Then offboard_user with userName ${userName}${part(
        ' and successor ',
        successor,
      )}. ${runPlan('offboard_user')} ` +
      `Do not delete the account or the archive. If the account is from the directory, say what the next synchronisation does. ${CAREFUL}`,
  }),
  definePrompt({
    name: 'rename',
    title: 'Rename a person',
    description: 'Changes login name, full name, addresses and archive of one person together.',
    arguments: {
      userName: { description: 'Login name now.', required: true, values: userNames },
      newUserName: { description: 'New login name; those of others show how they are formed.', required: true, values: userNames },
      fullName: { description: 'New full name.', values: fullNames },
    },
    text: ({ userName, newUserName, fullName }) =>
      `Rename ${userName} to ${newUserName}${part(', full name ', fullName)}. Call rename_person with userName ${userName}, newUserName ${newUserName}${part(
        ', fullName ',
        fullName,
      )}, and newEmailAddress if the address changes too (ask me). ${runPlan('rename_person')} ` +
      `A directory user is made again under the old name by the next synchronisation: the name has to be changed in the directory first. ${CAREFUL}`,
  }),
  definePrompt({
    name: 'rotate_store',
    title: 'Rotate the archive store',
    description: 'Makes a new current store, so that the old one can be kept and backed up unchanged.',
    arguments: {
      name: { description: 'Name of the new store; those of others show how they are formed.', values: storeNames },
      oldStore: { description: 'The store that is current now.', values: storeNames },
    },
    text: ({ name, oldStore }) =>
      `Make a new current archive store${part(' called ', name)}${part(' in place of ', oldStore)}. First get_stores and storage_report: which store is current, where it lies, ` +
      `how large it is, and how fast it grows; ask me whether the disk has room. Then rotate_store with ${name === undefined ? 'a name like those of the others' : `name ${name}`}. ${runPlan('rotate_store')} ` +
      `A store that becomes current makes the one before it normal. ${CAREFUL}`,
  }),
  definePrompt({
    name: 'repair_search',
    title: 'Repair the search',
    description: 'Finds indexes that need a rebuild and rebuilds them.',
    arguments: { store: { description: 'Only this store.', values: storeNames } },
    text: ({ store }) =>
      `Searches find too little. Call get_store_indexes${part(' and look at the store ', store)} with where {"needsRebuild": true}; for each store found, rebuild_store_index for the folders named ` +
      `there, one store at a time, and follow each task to its end with get_task_status. ${CAREFUL}`,
  }),
  definePrompt({
    name: 'nightly_backup',
    title: 'Schedule a nightly backup',
    description: 'Makes a job that backs up the archive every night.',
    arguments: {
      path: {
        description: 'Folder on the MailStore machine.',
        required: true,
        values: ['D:\\Backup', 'E:\\Backup', '\\\\server\\share\\Backup'],
      },
      time: { description: 'Time of day.', values: ['22:00', '23:30', '01:00', '02:30', '04:00'] },
    },
    text: ({ path, time = '02:30' }) =>
      `Back up the archive every night at ${time} to ${path}. First get_jobs: is there such a job, does another one run at that time, and get_server_info for login and time zone. ` +
      `Then create_job with action {"command": "create_backup", "arguments": {"path": ${JSON.stringify(path)}}} and time ${time}. Tomorrow get_job_results with since yesterday shows whether it ran. ${CAREFUL}`,
  }),
  definePrompt({
    name: 'rights_audit',
    title: 'Audit rights',
    description: 'Who can read what, who administers, whose account is unused or unprotected.',
    arguments: {
      folder: { description: 'Only this archive.', values: { read: 'GetChildFolders', args: { maxLevels: 1 }, field: 'name' } },
    },
    text: ({ folder }) =>
      `Audit the rights${part(' on the archive ', folder)}. Call user_audit, and access_report${part(' with folder ', folder)}. Report the administrators and who may log in to the API, ` +
      'rights on archives of others with their likely reason, accounts without multi-factor login, and what you could not look at. Change nothing.',
  }),
  definePrompt({
    name: 'before_upgrade',
    title: 'Before an upgrade',
    description: 'Is the archive ready for an upgrade of MailStore? Backup, stores, indexes, running work.',
    arguments: {},
    text: () =>
      'MailStore is to be upgraded. Call archive_health, storage_report, get_job_results with since "last 7 days", list_tasks and get_active_sessions. Report whether a backup ended well since ' +
      'yesterday, stores or indexes are damaged or need an upgrade, anything is running, and the licence covers the new version; end with go or no-go and why. Change nothing.',
  }),
];

/** Returns a part of a sentence for an argument that is given, and nothing without it. */
function part(before: string, value: string | undefined, after = ''): string {
  return value === undefined || value === '' ? '' : `${before}${value}${after}`;
}
