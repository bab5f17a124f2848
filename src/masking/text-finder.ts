/** A stretch of a text that was found; the character at `end` is not part of it. */
type OnFound = (start: number, end: number) => void;

interface TrieNode {
  readonly depth: number;
  /** Most nodes have one child. */
  onlyCode: number;
  only: TrieNode | undefined;
  more: Map<number, TrieNode> | undefined;
  /** The node of the longest other beginning of a needle that ends where this one ends. */
  shorter: TrieNode | undefined;
  /** True where this is enough of a needle. */
  isEnough: boolean;
  /** Length of the longest stretch that ends here and is enough of a needle; 0 for none. */
  found: number;
}

/** Characters of a needle by which a text is looked through quickly. */
const SIGN_LENGTH = 4;

/** The size of the table of these, in bits as a power of two; each character shifts the hash by a fourth of it. */
const TABLE_BITS = 20;

/**
 * Finds many texts in another one (Aho-Corasick): each character of it is one step, however many needles there are, however they are alike and
 * however often they occur. Where no needle begins, a character costs one look into a table.
 */
export class TextFinder {
  readonly #root = makeNode(0);
  readonly #table = new Uint32Array(2 ** (TABLE_BITS - 5));
  #isLinked = true;
  #isEmpty = true;

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Adds a needle of at least four characters, of which a beginning of `enough` characters is found too, as far as it goes. */
  add(needle: string, enough: number): void {
    this.#isEmpty = false;
    this.#isLinked = false;
    let node = this.#root;
    let hash = 0;
    for (let index = 0; index < needle.length; index++) {
      const code = needle.charCodeAt(index);
      if (index < SIGN_LENGTH) hash = nextHash(hash, code);
      node = findChild(node, code) ?? addChild(node, code);
      if (index + 1 >= Math.min(enough, needle.length)) node.isEnough = true;
    }
    this.#table[hash >>> 5] = (this.#table[hash >>> 5] ?? 0) | (1 << (hash & 31));
  }

  /** Reports every end of a stretch that is enough of a needle, in order, each with its longest stretch. Returns how many steps it took. */
  find(text: string, onFound: OnFound): number {
    if (this.#isEmpty) return 0;
    if (!this.#isLinked) this.#link();
    const root = this.#root;
    let [node, hash, steps] = [root, 0, 0];
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      hash = nextHash(hash, code);
      if (node === root) {
        if (((this.#table[hash >>> 5] ?? 0) & (1 << (hash & 31))) === 0) continue;
        for (let at = Math.max(0, index - SIGN_LENGTH + 1); at < index; at++) node = findChild(node, text.charCodeAt(at)) ?? root;
      }
      let child = findChild(node, code);
      for (steps++; !child && node.shorter; steps++) {
        node = node.shorter;
        child = findChild(node, code);
      }
      node = child ?? root;
      if (node.found > 0) onFound(index + 1 - node.found, index + 1);
    }
    return steps;
  }

  #link(): void {
    const queue: TrieNode[] = [this.#root];
    for (let node = queue[0], next = 1; node; node = queue[next++]) {
      const { shorter } = node;
      for (const [code, child] of listChildren(node)) {
        let from = shorter;
        while (from && !findChild(from, code)) from = from.shorter;
        child.shorter = (from && findChild(from, code)) ?? this.#root;
        child.found = child.isEnough ? child.depth : child.shorter.found;
        queue.push(child);
      }
    }
    this.#isLinked = true;
  }
}

function makeNode(depth: number): TrieNode {
  return { depth, onlyCode: -1, only: undefined, more: undefined, shorter: undefined, isEnough: false, found: 0 };
}

function findChild(node: TrieNode, code: number): TrieNode | undefined {
  return node.onlyCode === code ? node.only : node.more?.get(code);
}

function addChild(node: TrieNode, code: number): TrieNode {
  const child = makeNode(node.depth + 1);
  if (node.only) (node.more ??= new Map()).set(code, child);
  else [node.only, node.onlyCode] = [child, code];
  return child;
}

function* listChildren({ only, onlyCode, more }: TrieNode): Generator<readonly [number, TrieNode]> {
  if (only) yield [onlyCode, only];
  if (more) yield* more;
}

/** Keeps what the last four characters have in it: the bits of older ones are shifted out. */
function nextHash(hash: number, code: number): number {
  return ((hash << (TABLE_BITS / SIGN_LENGTH)) ^ code) & (2 ** TABLE_BITS - 1);
}
