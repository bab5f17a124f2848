import { mapStrings } from './map-strings.ts';

/**
 * What hides, reorders or commands instead of being read: controls but for line breaks and tabs, everything that Unicode lets a display
 * leave out (zero widths, bidi marks, tags, variation selectors but for the two of emoji), separators and annotations that break a line
 * unseen, and what is no text at all. Also the beginning of the visible form itself, because the inverse would be ambiguous without it.
 */
const HIDDEN =
  /\[(?=U\+)|\r(?!\n)|[^\P{Cc}\n\r\t]|[^\P{Default_Ignorable_Code_Point}\uFE0E\uFE0F]|[\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Noncharacter_Code_Point}\uFFF9-\uFFFB]/u;
const EVERY_HIDDEN = new RegExp(HIDDEN, 'gu');

const LINE_BREAK = /[\r\n]/;
const EVERY_LINE_BREAK = new RegExp(LINE_BREAK, 'g');

/** Matches an escaped character such as `[U+202E]`. `[U+005B]` counts only where `toVisible` wrote it to escape a literal `[`. */
const FORM = /\[U\+(?:005B(?=\]U\+)|(?!005B\])[\dA-F]{4,6})\]/g;

/**
 * Returns the text with each character that hides or commands as its code point, such as `[U+202E]`; the same string where there is none.
 * A text that contains `[U+` by itself shows it as `[U+005B]U+`, so that `fromVisible` gives back exactly what came in.
 */
export function toVisible(text: string): string {
  return HIDDEN.test(text) ? text.replaceAll(EVERY_HIDDEN, escapeCharacter) : text;
}

/** Returns the text that `toVisible` was given. What is no form of `toVisible` stays as it is, such as `[U+0041]`. */
export function fromVisible(text: string): string {
  return text.replaceAll(FORM, (form) => {
    const codePoint = Number.parseInt(form.slice('[U+'.length), 16);
    if (codePoint > 0x10ffff) return form;
    const character = String.fromCodePoint(codePoint);
    return escapeCharacter(character) === form && (character === '[' || HIDDEN.test(character)) ? character : form;
  });
}

/** Returns what `toVisible` does with line breaks shown as well: a text that could pass for a line of somebody else's. */
export function toVisibleLine(text: string): string {
  const visible = toVisible(text);
  return LINE_BREAK.test(visible) ? visible.replaceAll(EVERY_LINE_BREAK, escapeCharacter) : visible;
}

/** Returns JSON with the hidden characters in its own escapes, which leave its value the same; of control characters JSON escapes only some. */
export function escapeHidden(json: string): string {
  return json.replaceAll(EVERY_HIDDEN, (character) =>
    character === '['
      ? character
      : Array.from({ length: character.length }, (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** Returns a JSON value with every string and every key made visible; the same reference where nothing changed. */
export function visibleValue(value: unknown): unknown {
  return mapStrings(value, toVisible, toVisible);
}

/** Returns a JSON value with every string and every key as it was before `visibleValue`. */
export function fromVisibleValue(value: unknown): unknown {
  return mapStrings(value, fromVisible, fromVisible);
}

function escapeCharacter(character: string): string {
  return `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
}
