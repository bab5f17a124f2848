import { readFileSync } from 'node:fs';
import { settings, type SettingKey } from '../../src/config/settings.ts';

/** The settings that a person fills in when the bundle is installed. */
const ASKED = {
  url: { title: 'Address of MailStore', type: 'string', required: true },
  username: { title: 'MailStore administrator', type: 'string', required: true },
  password: { title: 'Password', type: 'string', sensitive: true, required: true },
  fingerprint: { title: 'SHA-256 fingerprint of the certificate', type: 'string', required: false, default: '' },
  access: { title: 'Access level: read-only, read-write or full', type: 'string', required: false, default: 'read-only' },
} as const satisfies Partial<Record<SettingKey, object>>;

const { name, version, description, license } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly [Field in 'name' | 'version' | 'description' | 'license']: string;
};

/** Returns the manifest of the MCPB bundle. What is left empty reaches the server as an empty text, which counts as not set. */
export function createManifest(): object {
  const asked = Object.entries(ASKED) as [keyof typeof ASKED, object][];
  return {
    manifest_version: '0.3',
    name,
    display_name: 'MailStore',
    version,
    description,
    author: { name: 'mailstore-mcp contributors' },
    license,
    server: {
      type: 'node',
      entry_point: 'dist/mailstore-mcp.cjs',
      mcp_config: {
        command: 'node',
        args: ['${__dirname}/dist/mailstore-mcp.cjs'],
        env: Object.fromEntries(asked.map(([key]) => [settings[key].env, `\${user_config.${key}}`])),
      },
    },
    tools_generated: true,
    user_config: Object.fromEntries(asked.map(([key, field]) => [key, { ...field, description: settings[key].summary }])),
    compatibility: { platforms: ['win32', 'darwin', 'linux'], runtimes: { node: '>=22.13' } },
  };
}
