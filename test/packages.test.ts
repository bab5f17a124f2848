import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createManifest } from '../scripts/bundle/manifest.ts';
import { subcommands } from '../src/cli/subcommands.ts';
import { settingList } from '../src/config/settings.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const manifest = JSON.parse(read('package.json')) as Record<string, string>;

describe('what a user copies', () => {
  test('the README contains the example configuration unchanged', () => {
    expect(read('README.md')).toContain(read('claude_desktop_config.example.json').trim());
  });

  test.each(['README.md', 'claude_desktop_config.example.json', 'docs/clients.md', 'docs/tester.md'])(
    '%s does not name npx, by which nothing can be run until the name is published',
    (path) => {
      expect(read(path)).not.toMatch(/npx (?:-y )?mailstore-mcp|"npx"/);
    },
  );

  test('the commands of the README are one a line, as PowerShell 5.1 needs it', () => {
    const blocks = [...read('README.md').matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block ?? '');
    expect(blocks.length).toBeGreaterThan(0);
    expect(blocks.filter((block) => /&&|\|\||\$PWD|\\$/m.test(block))).toEqual([]);
  });
});

describe('what README and docs/clients.md print', () => {
  const documents = ['README.md', 'docs/clients.md', 'docs/configuration.md', 'docs/troubleshooting.md'];

  test.each(documents)('%s prints no subcommand that does not exist', (path) => {
    const printed = [...read(path).matchAll(/(?:^|`)mailstore-mcp ([a-z][a-z-]*)/gm)].map(([, name]) => name ?? '');
    expect(printed.filter((name) => !Object.hasOwn(subcommands, name))).toEqual([]);
  });

  test.each(documents)('%s shows examples that the program recognises where they were left as they are', (path) => {
    const shown = [...read(path).matchAll(/\b(MAILSTORE_\w+)(?:=|": ")((?:[^\s"\\]|\\\\)+)/g)].map(([, env, value = '']) => ({
      env,
      value: value.replaceAll('\\\\', '\\'),
    }));
    const isExample = ({ env, value }: (typeof shown)[number]) =>
      settingList.find((setting) => setting.env === env)?.example?.is(value) ?? true;
    expect(shown.filter((found) => !isExample(found))).toEqual([]);
  });
});

describe('the ways to add the server to a client', () => {
  const readme = read('README.md');
  const known = new Set(settingList.map(({ env }) => env));
  const needed = ['MAILSTORE_URL', 'MAILSTORE_USERNAME', 'MAILSTORE_PASSWORD_FILE', 'MAILSTORE_TLS_FINGERPRINT'];

  test.each([
    ['Claude Code', /claude mcp add .*--scope user mailstore -- mailstore-mcp$/gm],
    ['Codex', /codex mcp add mailstore .* -- mailstore-mcp$/gm],
    ['Gemini CLI', /gemini mcp add .*--scope user mailstore mailstore-mcp$/gm],
  ])('the add command of %s sets every variable that a MailStore needs', (_client, pattern) => {
    const commands = readme.match(pattern) ?? [];
    expect(commands.length).toBe(1);
    expect([...(commands[0] ?? '').matchAll(/--env (\w+)=\S/g)].map(([, name]) => name)).toEqual(needed);
  });

  test('the link for VS Code asks for each value, the password hidden', () => {
    const [link = ''] = /https:\/\/insiders\.vscode\.dev\/redirect\/mcp\/install\?[^)]+/.exec(readme) ?? [];
    const { searchParams } = new URL(link);
    const config = JSON.parse(searchParams.get('config') ?? '') as { command: string; env: Record<string, string> };
    const inputs = JSON.parse(searchParams.get('inputs') ?? '') as { id: string; password?: boolean }[];
    expect(config.command).toBe('mailstore-mcp');
    expect(Object.keys(config.env).filter((name) => !known.has(name))).toEqual([]);
    expect(Object.values(config.env)).toEqual(inputs.map(({ id }) => `\${input:${id}}`));
    expect(inputs.filter(({ password }) => password === true).map(({ id }) => id)).toEqual(['mailstore_password']);
  });

  test('the link for Cursor adds the entry of the example configuration', () => {
    const [link = ''] = /https:\/\/cursor\.com\/en\/install-mcp\?[^)]+/.exec(readme) ?? [];
    const config: unknown = JSON.parse(Buffer.from(new URL(link).searchParams.get('config') ?? '', 'base64').toString());
    const example = JSON.parse(read('claude_desktop_config.example.json')) as { mcpServers: Record<string, unknown> };
    expect(config).toEqual(example.mcpServers['mailstore']);
  });

  test('the example configuration has one entry, whose only values to fill in are the address and the password file', () => {
    const { mcpServers } = JSON.parse(read('claude_desktop_config.example.json')) as { mcpServers: Record<string, { env: object }> };
    expect(Object.keys(mcpServers)).toEqual(['mailstore']);
    expect(mcpServers['mailstore']?.env).toEqual({
      MAILSTORE_URL: 'https://mailstore.example.com:8463',
      MAILSTORE_USERNAME: 'admin',
      MAILSTORE_PASSWORD_FILE: 'C:\\Users\\you\\mailstore-password.txt',
      MAILSTORE_TLS_FINGERPRINT: '',
      MAILSTORE_ACCESS: 'read-only',
    });
  });
});

describe('the packages', () => {
  test('the registry entry has the name of package.json, and every variable, with the secret marked', () => {
    const entry = JSON.parse(read('server.json')) as {
      name: string;
      version: string;
      packages: { identifier: string; version: string; environmentVariables: { name: string; isSecret: boolean }[] }[];
    };
    expect([entry.name, entry.version]).toEqual([manifest['mcpName'], manifest['version']]);
    const [npm] = entry.packages;
    expect([npm?.identifier, npm?.version]).toEqual([manifest['name'], manifest['version']]);
    expect(npm?.environmentVariables.map(({ name }) => name)).toEqual(settingList.map(({ env }) => env));
    expect(npm?.environmentVariables.filter(({ isSecret }) => isSecret).map(({ name }) => name)).toEqual(['MAILSTORE_PASSWORD']);
  });

  test('the bundle for Claude Desktop asks for the password as a sensitive field, and runs on the three platforms', () => {
    expect(createManifest()).toMatchObject({
      manifest_version: '0.3',
      version: manifest['version'],
      server: {
        type: 'node',
        entry_point: 'dist/mailstore-mcp.cjs',
        mcp_config: { env: { MAILSTORE_PASSWORD: '${user_config.password}' } },
      },
      user_config: { password: { sensitive: true, required: true }, url: { required: true } },
      compatibility: { platforms: ['win32', 'darwin', 'linux'] },
    });
  });

  test('the container runs as a user without rights, keeps its state in a volume, and copies no secret', () => {
    const lines = read('Dockerfile').split('\n');
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
    expect(last).toContain('USER node');
    expect(last.indexOf('USER node')).toBeLessThan(last.findIndex((line) => line.startsWith('ENTRYPOINT')));
    expect(last).toContain('VOLUME /state');
    expect(last.filter((line) => /^(?:COPY|ADD)/.test(line))).toEqual(['COPY --from=build /build/dist /app/dist']);
    expect(lines.filter((line) => /PASSWORD|SECRET/.test(line))).toEqual([]);
  });
});
