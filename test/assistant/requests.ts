/** One call that a good run makes. */
export interface Step {
  readonly tool: string;
  readonly args?: Readonly<Record<string, unknown>>;
  /** Arguments that are taken from the answer before: the name of the argument, and of the field. */
  readonly fromBefore?: Readonly<Record<string, string>>;
}

/** A request of an administrator with the run that answers it. */
export interface Request {
  readonly request: string;
  readonly steps: readonly Step[];
  /** What the answers say: a text in one of them each. */
  readonly finds: readonly string[];
  /** What differs in the archive afterwards: `<part> <id>.<field>`; nothing by default. */
  readonly changes?: readonly string[];
  /** The most that a model reads in all answers together, in tokens of o200k. */
  readonly tokens: number;
}

/** Requests of administrators, in the order in which they are made of one archive. */
export const requests: readonly Request[] = [
  {
    request: 'Good morning! Anything I should know before my first coffee?',
    steps: [{ tool: 'archive_health' }],
    finds: ['Import 2021', 'Branch office'],
    tokens: 2000,
  },
  {
    request: 'Kommt aus der Niederlassung noch Post an?',
    steps: [{ tool: 'archiving_gaps' }],
    finds: ['Branch office'],
    tokens: 1500,
  },
  {
    request: 'Which runs went wrong this month, and why?',
    steps: [{ tool: 'failed_runs', args: { days: 30 } }],
    finds: ['did not end as succeeded'],
    tokens: 2000,
  },
  { request: 'Wie viel archivieren wir pro Tag?', steps: [{ tool: 'archiving_volume' }], finds: ['a day'], tokens: 2000 },
  {
    request: 'Who can read the support mailbox?',
    steps: [{ tool: 'access_report', args: { folder: 'support' } }],
    finds: ['minjun.kim'],
    tokens: 2000,
  },
  {
    request: 'Was darf Begoña Ibáñez alles lesen?',
    steps: [{ tool: 'access_report', args: { userName: 'begona.ibanez' } }],
    finds: ['amira'],
    tokens: 1500,
  },
  {
    request: 'Why does John see more than Amira?',
    steps: [{ tool: 'access_report', args: { userName: 'johndoe', compareWith: 'amira' } }],
    finds: ['oldcolleague'],
    tokens: 1500,
  },
  { request: 'Wie lange reicht der Platz noch?', steps: [{ tool: 'storage_report' }], finds: ['2026'], tokens: 2000 },
  { request: 'Do all our administrators have a second factor?', steps: [{ tool: 'user_audit' }], finds: ['johndoe'], tokens: 2000 },
  {
    request: 'Lief die Sicherung gestern Nacht?',
    steps: [
      {
        tool: 'get_job_results',
        args: { since: 'yesterday', where: { action: 'CreateBackup --path="E:\\Backup" --excludeSearchIndexes="true"' } },
      },
    ],
    finds: ['CreateBackup'],
    tokens: 800,
  },
  {
    request: 'What did profile 2 do in the last 24 hours?',
    steps: [{ tool: 'get_worker_results', args: { since: 'last 24 hours', profileID: 2 } }],
    finds: ['runs'],
    tokens: 2000,
  },
  {
    request: 'Wie spät ist es für den Server, und als wer arbeitest du?',
    steps: [{ tool: 'get_server_info' }],
    finds: ['ARCHIVE01', 'admin'],
    tokens: 400,
  },
  {
    request: 'Which search indexes are broken?',
    steps: [{ tool: 'get_store_indexes', args: { where: { needsRebuild: true } } }],
    finds: ['amira'],
    tokens: 800,
  },
  {
    request: 'Wann läuft welcher Auftrag?',
    steps: [{ tool: 'get_jobs', args: { fields: ['id', 'name', 'enabled', 'schedule'] } }],
    finds: ['Nightly backup'],
    tokens: 1000,
  },
  { request: 'Is legal hold on?', steps: [{ tool: 'get_compliance_configuration' }], finds: ['legalHoldEnabled'], tokens: 900 },
  { request: 'Wie viele Lizenzen sind noch frei?', steps: [{ tool: 'get_license_information' }], finds: ['350'], tokens: 500 },
  {
    request: 'Kim from sales got married: please show her as Minjun Park.',
    steps: [{ tool: 'set_user_full_name', args: { userName: 'minjun.kim', fullName: 'Minjun Park' } }],
    finds: ['revert_change'],
    changes: ['users minjun.kim.fullName'],
    tokens: 600,
  },
  {
    request: 'Nein, doch nicht. Bitte zurück.',
    steps: [
      { tool: 'list_changes', args: { limit: 1 } },
      { tool: 'revert_change', fromBefore: { number: 'number' } },
    ],
    finds: ['Minjun Park'],
    changes: ['users minjun.kim.fullName'],
    tokens: 1200,
  },
  {
    request: 'Switch the weekly verification off while the disks are replaced.',
    steps: [{ tool: 'set_job_enabled', args: { id: 3, enabled: false } }],
    finds: ['revert_change'],
    changes: ['jobs 3.enabled'],
    tokens: 600,
  },
  {
    request: 'Und jetzt wieder an.',
    steps: [{ tool: 'set_job_enabled', args: { id: 3, enabled: true } }],
    finds: ['revert_change'],
    changes: ['jobs 3.enabled'],
    tokens: 600,
  },
  {
    request: 'Back up to D: as well, every night at half past two.',
    steps: [
      { tool: 'get_jobs', args: { fields: ['name', 'action', 'schedule'] } },
      {
        tool: 'create_job',
        args: { name: 'Second backup', action: { command: 'create_backup', arguments: { path: 'D:\\Backup' } }, time: '02:30' },
      },
    ],
    finds: ['Second backup'],
    changes: ['jobs 5'],
    tokens: 1600,
  },
  {
    request: 'Frau Roe fängt am Montag an; sie braucht auch Rechnungen.',
    steps: [
      {
        tool: 'onboard_user',
        args: { userName: 'jane.roe', fullName: 'Jane Roe', emailAddresses: ['jane.roe@example.com'], readArchives: ['invoices'] },
      },
      { tool: 'onboard_user', fromBefore: { planId: 'planId' } },
    ],
    finds: ['all 4 steps done'],
    changes: ['users jane.roe'],
    tokens: 2500,
  },
  {
    request: 'Jane is called Miller now, login included.',
    steps: [
      {
        tool: 'rename_person',
        args: { userName: 'jane.roe', newUserName: 'jane.miller', fullName: 'Jane Miller', newEmailAddress: 'jane.miller@example.com' },
      },
      { tool: 'rename_person', fromBefore: { planId: 'planId' } },
    ],
    finds: ['all 5 steps done'],
    changes: ['users jane.miller', 'users jane.roe'],
    tokens: 2500,
  },
  {
    request: 'María López geht; Taro soll an ihre Mails kommen.',
    steps: [
      { tool: 'offboard_user', args: { userName: 'maria.lopez', successor: 'taro.yamada' } },
      { tool: 'offboard_user', fromBefore: { planId: 'planId' } },
    ],
    finds: ['all 4 steps done'],
    changes: [
      'users maria.lopez.appPasswords',
      'users maria.lopez.loginPrivileges',
      'users maria.lopez.privileges',
      'users taro.yamada.privilegesOnFolders',
    ],
    tokens: 2500,
  },
  {
    request: 'New year, new store, please.',
    steps: [
      { tool: 'rotate_store', args: { name: '2027' } },
      { tool: 'rotate_store', fromBefore: { planId: 'planId' } },
    ],
    finds: ['becomes normal', 'all 1 step done'],
    changes: ['stores 4.requestedState', 'stores 9'],
    tokens: 1500,
  },
  {
    request: 'Bitte „Import 2019“ in „Altbestand 2019“ umbenennen.',
    steps: [
      { tool: 'get_stores', args: { match: 'Import 2019', includeSize: false, fields: ['id', 'name'] } },
      { tool: 'rename_store', args: { id: 5, name: 'Altbestand 2019' } },
    ],
    finds: ['Altbestand 2019'],
    changes: ['stores 5.name'],
    tokens: 900,
  },
  {
    request: 'Put legal hold on, and keep the activity log as it is.',
    steps: [
      { tool: 'get_compliance_configuration' },
      { tool: 'set_compliance_configuration', args: { config: { legalHoldEnabled: true } } },
    ],
    finds: ['legalHoldEnabled'],
    changes: ['compliance.legalHoldEnabled'],
    tokens: 1600,
  },
  {
    request: 'Wer ist gerade angemeldet?',
    steps: [{ tool: 'get_active_sessions' }],
    finds: ['192.0.2.'],
    tokens: 600,
  },
  {
    request: 'Would the directory sync delete anyone?',
    steps: [{ tool: 'sync_users_with_directory_services', args: { dryRun: true } }],
    finds: ['taskId'],
    tokens: 2000,
  },
  {
    request: 'Was hast du heute alles geändert?',
    steps: [{ tool: 'list_changes' }],
    finds: ['changes'],
    tokens: 2000,
  },
  {
    request: 'Chloé Bénard left in summer. Is anything of hers still open?',
    steps: [{ tool: 'access_report', args: { userName: 'chloe.benard' } }],
    finds: ['cannot log in now', 'hr'],
    tokens: 600,
  },
  {
    request: 'Dann nimm ihr das Recht auf hr bitte weg.',
    steps: [{ tool: 'set_user_privileges_on_folder', args: { userName: 'chloe.benard', folder: 'hr', privileges: ['none'] } }],
    finds: ['revert_change'],
    changes: ['users chloe.benard.privilegesOnFolders'],
    tokens: 600,
  },
  {
    request: 'Welche Konten sind zu und haben trotzdem noch Rechte auf fremde Archive?',
    steps: [{ tool: 'user_audit' }],
    finds: ['guelsen.sahin, ilkay.sahin'],
    tokens: 2000,
  },
  {
    request: 'Wer steht nicht mehr im Verzeichnis?',
    steps: [
      { tool: 'sync_users_with_directory_services', args: { dryRun: true } },
      { tool: 'get_task_status', args: { waitSeconds: 30 }, fromBefore: { taskId: 'taskId' } },
    ],
    finds: ['owen.ashworth'],
    tokens: 2000,
  },
  {
    request: 'Fetch the support mailbox every half hour.',
    steps: [
      { tool: 'get_profiles', args: { match: 'support' } },
      { tool: 'set_profile_server_side_execution', args: { id: 2, automatic: true, automaticPauseBetweenExecutions: 1800 } },
    ],
    finds: ['3600 → 1800'],
    changes: ['profiles 2.serverSideExecution', 'profiles 2.version'],
    tokens: 900,
  },
  {
    request: 'Den Speicher 2024 bitte jeden Sonntag um fünf verdichten.',
    steps: [
      { tool: 'get_stores', args: { match: '2024', includeSize: false, fields: ['id', 'name'] } },
      {
        tool: 'create_job',
        args: {
          name: 'Compact 2024 weekly',
          action: { command: 'compact_store', arguments: { id: 2 } },
          time: '05:00',
          dayOfWeek: 'Sunday',
        },
      },
    ],
    finds: ['CompactStore --id="2"'],
    changes: ['jobs 6'],
    tokens: 1200,
  },
  {
    request: 'What is left of the mail of Petra Exner?',
    steps: [{ tool: 'get_messages', args: { folder: 'petra.exner/Inbox', limit: 5 } }],
    finds: ['petra.exner@example.com'],
    tokens: 700,
  },
  {
    request: 'Läuft das Zertifikat unserer M365-App bald ab?',
    steps: [{ tool: 'get_credentials' }],
    finds: ['CertificateExpirationDate'],
    tokens: 500,
  },
  {
    request: "Mail last week's report to the admins, please.",
    steps: [{ tool: 'send_status_report', args: { timespan: 'lastweek', recipients: ['admins@example.com'] } }],
    finds: ['Done'],
    tokens: 400,
  },
  {
    request: 'What else went wrong with the journal profile in the last two weeks?',
    steps: [{ tool: 'failed_runs', args: { days: 14, profileID: 1 } }],
    finds: ['invalid_client', 'The certificate of the mail server has expired'],
    tokens: 2000,
  },
];
