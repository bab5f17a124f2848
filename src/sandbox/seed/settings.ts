import { DAY_MS } from '../../base/clock.ts';
import { utcText, type WorldState } from '../../emulation/world.ts';

type Settings = Pick<
  WorldState,
  | 'server'
  | 'credentials'
  | 'sessions'
  | 'directoryServices'
  | 'compliance'
  | 'retentionPolicies'
  | 'smtp'
  | 'storeAutoCreate'
  | 'serviceConfiguration'
  | 'certificates'
  | 'license'
>;

/** Returns what an administrator configured once; dates lie around `now`. */
export function makeSettings(now: number): Settings {
  return {
    server: { version: '25.3.0.23012', machineName: 'ARCHIVE01' },
    credentials: [
      {
        ID: 1,
        Type: 'Office365_Modern',
        Description: 'M365 archiving app',
        Settings: {
          ApplicationId: '5f0d2a9e-31c4-4b7f-9a55-0c1e8d7b6a42',
          TenantId: 'c0a8e7d1-6b23-4f19-8e34-2d9f5b7a1c60',
          CertificateThumbprint: '93C4E1F7A05B2D86C7719E04FA3B58D2610E7C95',
          CertificateExpirationDate: `${utcText(now + 200 * DAY_MS).slice(0, 10)}T00:00:00Z`,
        },
      },
    ],
    sessions: [
      { id: 1, userName: 'admin', client: 'Windows client', address: '192.0.2.10', loginTime: utcText(now - 0.3 * DAY_MS) },
      { id: 2, userName: 'johndoe', client: 'Web access', address: '192.0.2.57', loginTime: utcText(now - 0.1 * DAY_MS) },
      { id: 3, userName: 'amira', client: 'Web access', address: '198.51.100.23', loginTime: utcText(now - 0.02 * DAY_MS) },
    ],
    directoryServices: {
      type: 'activeDirectory',
      serverName: 'dc1.example.com',
      protocol: 'LDAP',
      authenticationType: 'standardAuthentication',
      userName: 'EXAMPLE\\mailstore-sync',
      password: null,
      baseDN: 'DC=example,DC=com',
      microsoftExchangeUsersOnly: false,
      usersVisibleInAddressListsOnly: false,
      enabledUsersOnly: true,
      groups: null,
      userNameFormat: 'samAccountName',
      authenticationProtocol: 'networkAuthentication',
      openIdDiscoveryUrl: null,
      openIdClientID: null,
      openIdRedirectUrl: null,
      openIdForceAdfsLogin: false,
      deleteUsers: false,
    },
    compliance: {
      legalHoldEnabled: false,
      logSuccessfulUserActivities: [
        'ComplianceChangeSettings',
        'CredentialsAdd',
        'CredentialsChange',
        'CredentialsDelete',
        'RecoverStoreStart',
        'RecoverStoreFinish',
        'RetentionPoliciesMessageDelete',
        'RetentionPoliciesProcessStart',
        'RetentionPoliciesUpdate',
        'SessionLogin',
        'UserAdd',
        'UserDelete',
        'UserDisableMFA',
        'UserRename',
        'UserSetFolderAccess',
        'UserSetPassword',
        'UserUpdate',
      ],
    },
    retentionPolicies: { policies: [{ name: 'Default', keepDays: 3_650, deleteMessages: true }] },
    smtp: {
      hostname: 'smtp.example.com',
      port: 587,
      protocol: 'smtp-tls',
      ignoreSslPolicyErrors: false,
      authenticationRequired: true,
      username: 'archive@example.com',
      password: null,
      fromDisplayName: 'MailStore archive',
      fromEmailAddress: 'archive@example.com',
      recipientEmailAddress: 'admins@example.com',
    },
    storeAutoCreate: { enabled: false, interval: 'yearly', maximumMessageCount: null, namePattern: '{yyyy}' },
    serviceConfiguration: {
      apiEnabled: true,
      apiPort: 8463,
      clientPort: 8460,
      webAccessPort: 8462,
      certificateThumbprint: 'A1B2C3D4E5F60718293A4B5C6D7E8F9001122334',
    },
    certificates: ['A1B2C3D4E5F60718293A4B5C6D7E8F9001122334', '0F1E2D3C4B5A69788796A5B4C3D2E1F001122334'],
    license: {
      product: 'MailStore Server',
      licensee: 'Example Ltd.',
      type: 'purchased',
      maxUsers: 350,
      updateAndSupportServiceUntil: utcText(now + 140 * DAY_MS).slice(0, 10),
    },
  };
}
