import { readScreen } from './screen.ts';
import { truncate } from './table.ts';
import { toVisibleLine } from '../base/escape-hidden.ts';

const WIDTH = 32;

/** Shows how far something is: on a terminal as one line that is drawn again, elsewhere as a line for each step. */
export function showProgress(out: NodeJS.WriteStream, percent: number, text: string): void {
  const { bar, width, ellipsis } = readScreen(out);
  const filled = Math.round((Math.min(Math.max(percent, 0), 100) / 100) * WIDTH);
  const line =
    `  ${bar[0].repeat(filled)}${bar[1].repeat(WIDTH - filled)} ${String(Math.round(percent)).padStart(3)} %  ${toVisibleLine(text)}`.trimEnd();
  out.write(width === undefined ? `${line}\n` : `\r${truncate(line, width - 1, ellipsis)}\x1b[K`);
}

/** Writes lines where a progress may be drawn: they take its place, and the next step draws it again below them. */
export function writeAboveProgress(out: NodeJS.WriteStream, lines: string): void {
  out.write(out.isTTY ? `\r\x1b[K${lines}` : lines);
}

/** Ends the line that is drawn again and again. */
export function endProgress(out: NodeJS.WriteStream): void {
  if (out.isTTY) out.write('\n');
}
