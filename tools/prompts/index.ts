import { definePrompt, type Prompt } from '../../src/catalogue/define-prompt.ts';
import { storeNames, userNames } from '../resources/index.ts';

/** Ends the prompts of changes. */
const CAREFUL =
  'Before each change say what it will do. If a tool is not in your list, the access of this server does not allow it: say which access would, and stop. ' +
  'Read the state again at the end, and report what was changed, what was not, and how to put it back (list_changes).';

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
      userName: { description: 'Login name of the new user.', required: true },
      fullName: { description: 'Full name.' },
      emailAddress: { description: 'Primary e-mail address.' },
      like: { description: 'A colleague whose rights the user gets.', values: userNames },
    },
    text: ({ userName, fullName, emailAddress, like }) =>
      `Make an account for a new colleague: login name ${userName}${part(', full name ', fullName)}${part(', address ', emailAddress)}.${part(
        ' Rights like those of ',
        like,
        '.',
      )} First get_users (does the account exist, or does the directory make it?)${part(' and get_user_info of ', like)}. ` +
      'Then create_user with {"generate": true} as password unless the directory checks it, set_user_email_addresses, and ' +
      `set_user_privileges_on_folder for each further archive. ${CAREFUL}`,
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
      `${userName} leaves. Keep the mail, take away the access. First access_report with userName ${userName}, and get_profiles and get_jobs for what runs under the name. ` +
      `Then set_user_privileges to ["none"], set_user_login_privileges to ["none"], delete_app_passwords, and withdraw the rights on archives of others${part(
        '; give ',
        successor,
        ` read on the archive ${userName}`,
      )}. Do not delete the account or the archive. If the account is from the directory, say what the next synchronisation does. ${CAREFUL}`,
  }),
  definePrompt({
    name: 'rename',
    title: 'Rename a person',
    description: 'Changes login name, full name, addresses and archive of one person together.',
    arguments: {
      userName: { description: 'Login name now.', required: true, values: userNames },
      newUserName: { description: 'New login name.', required: true },
      fullName: { description: 'New full name.' },
    },
    text: ({ userName, newUserName, fullName }) =>
      `Rename ${userName} to ${newUserName}${part(', full name ', fullName)}. First get_user_info, get_child_folders with maxLevels 1 and access_report with folder ${userName}: ` +
      'a directory user is created again under the old name by the next synchronisation unless the directory is changed first, and an archive of the new name must not exist. ' +
      `Then rename_user, move_folder of the archive, set_user_full_name, set_user_email_addresses with the old addresses kept, and the rights of others on the archive. ${CAREFUL}`,
  }),
  definePrompt({
    name: 'rotate_store',
    title: 'Rotate the archive store',
    description: 'Makes a new current store, so that the old one can be kept and backed up unchanged.',
    arguments: {
      name: { description: 'Name of the new store.' },
      oldStore: { description: 'The store that is current now.', values: storeNames },
    },
    text: ({ name, oldStore }) =>
      `Make a new current archive store${part(' called ', name)}${part(' in place of ', oldStore)}. First get_stores and storage_report: which store is current, where it lies, ` +
      'how large it is, and whether the disk has room. A store that becomes current makes the one before it normal. Then create_store with requestedState current, ' +
      `and verify that new mail goes there. ${CAREFUL}`,
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
      path: { description: 'Folder on the MailStore machine, such as D:\\Backup.', required: true },
      time: { description: 'Time of day, such as 02:30.' },
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
