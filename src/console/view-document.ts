import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Room } from '../catalogue/insight-view.ts';

/**
 * Returns what makes the document of a room for MCP Apps from the built page in a folder: its one script and sheet inside, and a policy of its own
 * that allows these two and no network.
 */
export function makeViewReader(folder: string): (room: Room) => string {
  return (room) => {
    const [script, style] = ['page.js', 'page.css'].map((file) => readFileSync(join(folder, file), 'utf8')) as [string, string];
    const policy = [
      "default-src 'none'",
      `script-src ${hashSource(script)}`,
      `style-src ${hashSource(style)}`,
      "form-action 'none'",
      "base-uri 'none'",
    ].join('; ');
    return [
      '<!doctype html>',
      '<html lang="en">',
      '<head>',
      '<meta charset="utf-8" />',
      `<meta http-equiv="Content-Security-Policy" content="${policy}" />`,
      '<meta name="viewport" content="width=device-width, initial-scale=1" />',
      `<title>MailStore: ${room}</title>`,
      `<style>${style}</style>`,
      '</head>',
      `<body><div id="view"></div><script type="module">${script}</script></body>`,
      '</html>',
    ].join('\n');
  };
}

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
