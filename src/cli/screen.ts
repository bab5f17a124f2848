import { styleText } from 'node:util';
import { localiseNumbers } from '../base/localise-numbers.ts';
import { formatSize } from '../base/sizes.ts';
import { readNumberLocale, showsUnicode } from '../config/terminal-text.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** What an output stream can show. */
export interface Screen {
  readonly isTerminal: boolean;
  /** The number of columns; undefined where nothing is cut, as in a pipe. */
  readonly width: number | undefined;
  /** What is written in place of the part of a text that was cut. */
  readonly ellipsis: string;
  /** The filled and the empty part of a bar. */
  readonly bar: readonly [filled: string, empty: string];
  /** Returns the text in a style where the stream has colours, and NO_COLOR is not set. */
  paint(style: Style, text: string): string;
  /** Returns a sentence of this program with its numbers as the reader of the terminal writes them; in a pipe they stay as they are. */
  localise(sentence: string): string;
  /** Returns a number of bytes such as `5.3 GB`, likewise; undefined for anything else than a number. */
  formatSize(bytes: unknown): string | undefined;
}

/** Returns a page of this program's own words as a stream shows them: in ASCII on a terminal that has nothing else. */
export function toShownPage(page: string, stream: NodeJS.WriteStream): string {
  if (!stream.isTTY || showsUnicode()) return page;
  return page
    .replaceAll(/[\u2018\u2019]/g, "'")
    .replaceAll(/[\u201C\u201D]/g, '"')
    .replaceAll('\u2026', '...');
}

/** Returns what a stream can show. */
export function readScreen(stream: NodeJS.WriteStream): Screen {
  const isTerminal = stream.isTTY;
  const hasColours = isTerminal && stream.hasColors();
  const isUnicode = !isTerminal || showsUnicode();
  // Programs read a pipe: nothing in it follows a locale, as nothing in it is cut.
  const locale = isTerminal ? readNumberLocale() : 'en-US';
  return {
    isTerminal,
    localise: (sentence) => localiseNumbers(sentence, locale),
    formatSize: (bytes) => formatSize(bytes, locale),
    width: isTerminal ? stream.columns || 80 : undefined,
    ellipsis: isUnicode ? '…' : '...',
    bar: isUnicode ? ['█', '░'] : ['#', '-'],
    paint: (style, text) => (hasColours ? styleText(style, text, { validateStream: false }) : text),
  };
}
