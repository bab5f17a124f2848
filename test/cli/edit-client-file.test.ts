import { describe, expect, test } from 'vitest';
import { addServer, readServers } from '../../src/cli/setup/edit-client-file.ts';

const ENTRY = { command: '/usr/bin/node', args: ['/opt/a b/ü.cjs'], env: { MAILSTORE_URL: 'https://a:8463' } };
const JSON_FORM = { format: 'jsonc', key: 'servers' } as const;
const STRICT_FORM = { format: 'json', key: 'servers' } as const;
const TOML_FORM = { format: 'toml', key: 'mcp_servers' } as const;

describe('adding a server to the file of a client', () => {
  test('keeps comments, the order and the other servers of a JSON file', () => {
    const text =
      '{\n  // mine\n  "servers": {\n    "a": {"command": "b"}, // keep a\n    "c": {"command": "d"} // keep c\n  },\n  "inputs": [], // last\n}\n';
    const added = addServer(JSON_FORM, text, 'mailstore', ENTRY);
    for (const line of [
      '  // mine\n',
      '"a": {"command": "b"}, // keep a\n',
      '"c": {"command": "d"} // keep c\n',
      '"inputs": [], // last\n',
    ])
      expect(added).toContain(line);
    expect(readServers(JSON_FORM, added)).toEqual({ a: { command: 'b' }, c: { command: 'd' }, mailstore: ENTRY });
  });

  test('makes a file that is empty or missing', () => {
    expect(JSON.parse(addServer(JSON_FORM, '', 'mailstore', ENTRY))).toEqual({ servers: { mailstore: ENTRY } });
    expect(readServers(TOML_FORM, addServer(TOML_FORM, '', 'mailstore', ENTRY))).toEqual({ mailstore: ENTRY });
  });

  test('replaces its own entry and nothing else, twice with the same result', () => {
    const text = '{"servers":{"mailstore":{"command":"old","env":{"X":"1"}},"b":{}}}';
    const once = addServer(JSON_FORM, text, 'mailstore', ENTRY);
    expect(readServers(JSON_FORM, once)).toEqual({ mailstore: ENTRY, b: {} });
    expect(addServer(JSON_FORM, once, 'mailstore', ENTRY)).toBe(once);
  });

  test('keeps a byte order mark and Windows line ends', () => {
    const added = addServer(JSON_FORM, '\uFEFF{\r\n  "servers": {}\r\n}\r\n', 'mailstore', ENTRY);
    expect(added.startsWith('\uFEFF{\r\n')).toBe(true);
    expect(added.replaceAll('\r\n', '')).not.toContain('\n');
  });

  test('replaces a table of a TOML file with its sub-tables, and keeps comments and the others', () => {
    const text =
      '# mine\nmodel = "x" # which\n\n[mcp_servers.mailstore]\ncommand = "old"\n\n[mcp_servers.mailstore.env]\nX = "1"\n\n[mcp_servers.other] # keep\ncommand = "y"\n';
    const added = addServer(TOML_FORM, text, 'mailstore', ENTRY);
    expect(added).toContain('# mine\nmodel = "x" # which\n');
    expect(added).toContain('[mcp_servers.other] # keep\ncommand = "y"\n');
    expect(readServers(TOML_FORM, added)).toEqual({ other: { command: 'y' }, mailstore: ENTRY });
    expect(addServer(TOML_FORM, added, 'mailstore', ENTRY)).toBe(added);
  });

  test.each([
    [
      JSON_FORM,
      '{\n  "servers": {\n    "a": {"command": "C:\\node\\x"}\n',
      'line 3, column 30 is not JSON: a backslash stands alone; write each one twice, as in "C:\\\\Users\\\\me"',
    ],
    [
      JSON_FORM,
      '{\n  // mine\n  "servers": {\n    "a": {"command": "b"} // of a\n    "c": {"command": "d"}\n  },\n}\n',
      'line 4, column 26 is not JSON: a comma is missing here',
    ],
    [
      STRICT_FORM,
      '{\n  "servers": {\n    "a": {"command": "b"}\n  }\n  "b": 1\n}\n',
      'line 4, column 4 is not JSON: a comma is missing here; correct it first, the client reads nothing of the file',
    ],
    [
      STRICT_FORM,
      '{\n  "servers": {\n    "a": {"command": "b",}\n  }\n}\n',
      /^line 3, column \d+ is not JSON: .*; correct it first, the client reads nothing of the file$/,
    ],
    [STRICT_FORM, '{\n  // mine\n  "servers": {}\n}\n', /^line 2, column 3 is not JSON: /],
    [JSON_FORM, '[]', 'the file does not hold a JSON object'],
    [TOML_FORM, '[mcp_servers\n', /./],
    [TOML_FORM, 'mcp_servers = { a = { command = "b" } }\n', /./],
  ])('refuses what it cannot change safely: %o %j', (form, text, message) => {
    expect(() => addServer(form, text, 'mailstore', ENTRY)).toThrow(message);
  });
});
