import { readJsonString, scanJson } from '../base/json-tokens.ts';
import {
  applyEdits,
  isNamingKey,
  isNamedSecret,
  isNoSecret,
  isValueKey,
  mergeSpans,
  type MaskOptions,
  type Edit,
  type Span,
} from './masks.ts';
import { classifyName, isPlural, isSecretName, kindBelow, type NameKind } from './secret-names.ts';

export interface MaskJsonOptions extends MaskOptions {
  /** True for arguments: a reference to where a secret is stays readable. */
  readonly keepsReferences?: boolean;
}

/** An open object or list. */
interface JsonFrame {
  readonly isObject: boolean;
  readonly start: number;
  /** The kind of the name under which it stands. */
  readonly kind: NameKind;
  /** The name of the next value; a list has the one under which it stands. */
  key: string;
  keyKind: NameKind;
  /** True once a member such as `name` has said that the member `value` is a secret. */
  isNamedSecret: boolean;
  /** Members that hold the value of a pair. */
  readonly values: Span[];
  /** Of a list of a command's arguments: true behind the option of a secret, such as `--password`. */
  isOptionValue: boolean;
  /** How many names of an object were masked. */
  maskedKeys: number;
  /** Of a list: how many values came, and whether the first is a secret's name. */
  count: number;
}

const REFERENCE = /\{\s*"(?:fromEnv|fromFile)"\s*:\s*"[^"\\]*(?:\\.[^"\\]*)*"\s*\}|\{\s*"generate"\s*:\s*true\s*\}/y;

/**
 * Returns a JSON text with its credentials masked and every other character as it was; undefined where the text is no JSON. A text that is cut
 * off is masked as far as it goes. A secret name covers everything below it, and a pair such as `{"name": "password", "value": "…"}` its value.
 */
export function maskJson(text: string, options: MaskJsonOptions): string | undefined {
  const { change, plainNames, keepsReferences = false } = options;
  const edits: Edit[] = [];
  /** Values of pairs; masked at the end, so that pairs inside pairs are read once. */
  const pairs: Span[] = [];
  const frames: JsonFrame[] = [openFrame(false, 0, '', 'none')];
  let skipUntil = 0;

  const mask = (start: number, end: number, credential: string) => {
    const changed = change(credential);
    if (changed !== credential) edits.push({ start, end, text: readLiteral(changed, text, end) });
  };

  const leaf = (kind: 'string' | 'number', start: number, end: number) => {
    const frame = frames.at(-1);
    if (!frame) return;
    const source = text.slice(start, end);
    const content = kind === 'string' ? (readJsonString(source) ?? source.slice(1)) : source;
    const isCount = () => frame.isObject && /^\d+$/.test(content) && isPlural(frame.key);
    if (kind === 'string' && frame.isObject && isNamingKey(frame.key)) frame.isNamedSecret ||= isNamedSecret(content);
    if (!frame.isObject && frame.count === 0) frame.isNamedSecret = kind === 'string' && isNamedSecret(content);
    const isSecondOfPair =
      !frame.isObject && frame.count === 1 && frame.isNamedSecret && frames.at(-2)?.isObject === false && frames.length > 2;
    if (frame.isObject && isValueKey(frame.key)) frame.values.push({ start, end });
    if (isNoSecret(content)) return;
    const isOptionValue = frame.isOptionValue && !content.startsWith('-');
    frame.isOptionValue = !frame.isObject && kind === 'string' && isOption(content);
    if ((coversLeaf(frame) && !isCount()) || isSecondOfPair || isOptionValue) mask(start, end, content);
    else if (kind === 'string') {
      const masked = options.text(content);
      if (masked !== content) edits.push({ start, end, text: readLiteral(masked, text, end) });
    }
  };

  const isJson = scanJson(text, (kind, start, end) => {
    if (start < skipUntil) return;
    const frame = frames.at(-1);
    if (!frame) return;
    switch (kind) {
      case 'key': {
        frame.key = readJsonString(text.slice(start, end)) ?? text.slice(start + 1, end - 1);
        const own = frames.length === 2 && plainNames?.has(frame.key) ? 'none' : classifyName(frame.key);
        frame.keyKind = kindBelow(frame.kind, own, frame.key);
        const name = options.key?.(frame.key) ?? frame.key;
        if (name === frame.key) break;
        frame.maskedKeys++;
        // Two members of one name would be one to a reader.
        edits.push({ start, end, text: JSON.stringify(frame.maskedKeys === 1 ? name : `${name} (${frame.maskedKeys})`) });
        break;
      }
      case '{':
      case '[':
        if (keepsReferences && kind === '{') {
          REFERENCE.lastIndex = start;
          if (REFERENCE.test(text)) {
            skipUntil = REFERENCE.lastIndex;
            frame.count++;
            return;
          }
        }
        frames.push(openFrame(kind === '{', start, frame.key, frame.keyKind));
        break;
      case '}':
      case ']': {
        const closed = frames.length > 1 ? frames.pop() : undefined;
        if (!closed) return;
        if (closed.isObject && closed.isNamedSecret) for (const value of closed.values) pairs.push(value);
        const outer = frames.at(-1);
        if (outer?.isObject && isValueKey(outer.key)) outer.values.push({ start: closed.start, end });
        if (outer) outer.count++;
        break;
      }
      case 'string':
      case 'number':
        leaf(kind, start, end);
        frame.count++;
        break;
      case 'word':
        frame.count++;
        break;
      default:
    }
  });
  if (!isJson) return undefined;
  // A pair that is cut off before its object ends.
  for (const frame of frames) if (frame.isObject && frame.isNamedSecret) for (const value of frame.values) pairs.push(value);
  for (const pair of mergeSpans(pairs)) maskPart(text, pair, edits, options);
  return applyEdits(text, edits);
}

function openFrame(isObject: boolean, start: number, key: string, kind: NameKind): JsonFrame {
  return {
    isObject,
    start,
    kind,
    key: isObject ? '' : key,
    keyKind: isObject ? 'none' : kind,
    isNamedSecret: false,
    values: [],
    isOptionValue: false,
    maskedKeys: 0,
    count: 0,
  };
}

function isOption(content: string): boolean {
  const name = /^(?:--?|\/)([\p{L}][\p{L}\p{M}\p{N}_.-]{1,60})$/u.exec(content)?.[1];
  return name !== undefined && isSecretName(name);
}

function coversLeaf({ keyKind }: JsonFrame): boolean {
  return keyKind !== 'none';
}

/** Masks the value of a pair: a scalar as it is, every scalar of an object or a list. */
function maskPart(text: string, { start, end }: Span, edits: Edit[], { change }: MaskJsonOptions): void {
  scanJson(text.slice(start, end), (kind, from, to) => {
    if (kind !== 'string' && kind !== 'number') return;
    const source = text.slice(start + from, start + to);
    const content = kind === 'string' ? (readJsonString(source) ?? source.slice(1)) : source;
    if (isNoSecret(content)) return;
    const changed = change(content);
    if (changed !== content) edits.push({ start: start + from, end: start + to, text: readLiteral(changed, text, start + to) });
  });
}

/** Returns a string as JSON; one that was cut off at the end of the text stays without its closing quote. */
function readLiteral(content: string, text: string, end: number): string {
  const literal = JSON.stringify(content);
  return end === text.length && text[end - 1] !== '"' ? literal.slice(0, -1) : literal;
}
