/** A place in a text, counted from 1, and what is wrong there. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  readonly problem: string;
}

export interface JsonForm {
  /** True takes comments, and a comma behind the last entry, as editors do in their own files. */
  readonly isLenient?: boolean;
}

/**
 * Returns where a text stops being JSON, without its content: Node's own message quotes it, and it may hold a password. Undefined for text
 * that is JSON.
 */
export function findJsonFault(text: string, form: JsonForm = {}): JsonFault | undefined {
  const scanner = new Scanner(text, form);
  try {
    scanner.value();
    scanner.end();
    return undefined;
  } catch (fault) {
    if (!(fault instanceof JsonError)) throw fault;
    const before = text.slice(0, fault.at).split('\n');
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, problem: fault.problem };
  }
}

class JsonError extends Error {
  readonly at: number;
  readonly problem: string;

  constructor(at: number, problem: string) {
    super(problem);
    this.at = at;
    this.problem = problem;
  }
}

const MAX_DEPTH = 200;
const SPACE = /[ \t\r\n]*/y;
const SPACE_AND_COMMENTS = /(?:[ \t\r\n]|\/\/[^\r\n]*|\/\*(?:[^*]|\*(?!\/))*\*\/)*/y;
const WORD = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING_PART = /[^"\\\p{Cc}]+|[\u007F-\u009F]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})/uy;

class Scanner {
  readonly #text: string;
  readonly #isLenient: boolean;
  #at = 0;

  constructor(text: string, { isLenient = false }: JsonForm) {
    this.#text = text;
    this.#isLenient = isLenient;
  }

  value(depth = 0): void {
    if (depth > MAX_DEPTH) throw new JsonError(this.#at, 'objects and arrays are nested too deep');
    switch (this.#peek()) {
      case '{':
        this.#members('}', () => {
          if (this.#peek() !== '"') throw this.#unexpected('a name in double quotes');
          this.#string();
          this.#expect(':');
          this.value(depth + 1);
        });
        return;
      case '[':
        this.#members(']', () => this.value(depth + 1));
        return;
      case '"':
        this.#string();
        return;
      default:
        if (!this.#take(WORD)) throw this.#unexpected('a value');
    }
  }

  end(): void {
    if (this.#peek() !== '') throw this.#unexpected('the end');
  }

  #members(close: string, member: () => void): void {
    this.#at++;
    if (this.#peek() === close) {
      this.#at++;
      return;
    }
    for (;;) {
      member();
      const end = this.#at;
      const next = this.#peek();
      // The mistake is where the comma belongs, which may be some lines before what follows it.
      if (/["{[\w-]/.test(next)) throw new JsonError(end, 'a comma is missing here');
      if (next !== ',' && next !== close) throw this.#unexpected(`a comma or ${close}`);
      const comma = this.#at++;
      if (next === close) return;
      if (this.#peek() !== close) continue;
      if (!this.#isLenient) throw new JsonError(comma, `this comma is one too many, because ${close} follows it`);
      this.#at++;
      return;
    }
  }

  #string(): void {
    this.#at++;
    while (this.#take(STRING_PART));
    const next = this.#text[this.#at];
    if (next === '"') {
      this.#at++;
      return;
    }
    const problem =
      next === '\\'
        ? String.raw`a backslash stands alone; write each one twice, as in "C:\\Users\\me"`
        : next === undefined || next === '\n' || next === '\r'
          ? 'a text in quotes does not end'
          : 'a text holds a control character';
    throw new JsonError(this.#at, problem);
  }

  #expect(character: string): void {
    if (this.#peek() !== character) throw this.#unexpected(`'${character}'`);
    this.#at++;
  }

  /** Returns the next character that is no space, or an empty text at the end. */
  #peek(): string {
    this.#take(this.#isLenient ? SPACE_AND_COMMENTS : SPACE);
    return this.#text[this.#at] ?? '';
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (!found || found[0] === '') return false;
    this.#at = pattern.lastIndex;
    return true;
  }

  #unexpected(expected: string): JsonError {
    const isEnd = this.#at >= this.#text.length;
    const isComment = /^\/[/*]/.test(this.#text.slice(this.#at, this.#at + 2));
    return new JsonError(
      this.#at,
      isEnd ? `the text ends where ${expected} has to come` : isComment ? 'JSON has no comments' : `${expected} has to come here`,
    );
  }
}
