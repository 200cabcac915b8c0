// The Huffman code of HPACK (RFC 7541, appendix B). It is canonical, so the lengths of its codes are all of it.

/** Bits of the code of each byte, and of the end of the string. */
// biome-ignore format: sixteen to a line
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const END_OF_STRING = 256;
/** No string may hold the end of one. */
const FAULT = -1;

/** A node of the code's tree, with whether a string may end there: its last bits are the beginning of that end. */
interface Node {
  readonly children: [Node | number | undefined, Node | number | undefined];
  readonly mayEnd: boolean;
}

/**
 * What four more bits do: of each node and of each four bits the next node, and the byte that they complete. No code is
 * shorter than five bits, so there is one at most.
 */
const { next, completes, mayEnd } = steps(tree());

/** Writes what the coded bytes stand for, and returns where that ends; -1 where they stand for nothing. */
export function decodeHuffman(coded: Buffer, start: number, end: number, into: Buffer): number {
  let node = 0;
  let length = 0;
  for (let half = 2 * start; half < 2 * end; half++) {
    const byte = coded[half >> 1] ?? 0;
    const step = (node << 4) | ((half & 1) === 0 ? byte >> 4 : byte & 15);
    node = next[step] ?? FAULT;
    if (node === FAULT) return -1;
    const completed = completes[step] ?? -1;
    if (completed >= 0) into[length++] = completed;
  }
  return mayEnd[node] === 1 ? length : -1;
}

function tree(): Node {
  const root: Node = { children: [undefined, undefined], mayEnd: true };
  const bySize = LENGTHS.map((bits, symbol) => ({ bits, symbol })).sort(
    (a, b) => a.bits - b.bits || a.symbol - b.symbol,
  );
  let code = 0;
  let size = bySize[0]?.bits ?? 0;
  for (const { bits, symbol } of bySize) {
    code *= 2 ** (bits - size);
    size = bits;
    put(root, code, bits, symbol);
    code++;
  }
  return root;
}

function put(root: Node, code: number, bits: number, symbol: number): void {
  let node = root;
  for (let bit = bits - 1; bit > 0; bit--) {
    const side = Math.floor(code / 2 ** bit) % 2 === 1 ? 1 : 0;
    let child = node.children[side];
    if (child === undefined || typeof child === "number") {
      // Less than a byte of ones, which is how the end of a string begins.
      const depth = bits - bit;
      child = { children: [undefined, undefined], mayEnd: node.mayEnd && side === 1 && depth < 8 };
      node.children[side] = child;
    }
    node = child;
  }
  node.children[code % 2 === 1 ? 1 : 0] = symbol;
}

function steps(root: Node) {
  const nodes = [root];
  for (const node of nodes) {
    for (const child of node.children) if (typeof child === "object") nodes.push(child);
  }
  const places = new Map(nodes.map((node, place) => [node, place]));
  const next = new Int16Array(nodes.length * 16).fill(FAULT);
  const completes = new Int16Array(nodes.length * 16).fill(-1);
  for (const [place, from] of nodes.entries()) {
    for (let four = 0; four < 16; four++) {
      let node: Node | undefined = from;
      for (let bit = 3; bit >= 0 && node !== undefined; bit--) {
        const child: Node | number | undefined = node.children[(four >> bit) & 1 ? 1 : 0];
        if (typeof child !== "number") {
          node = child;
          continue;
        }
        node = child === END_OF_STRING ? undefined : root;
        if (node !== undefined) completes[place * 16 + four] = child;
      }
      next[place * 16 + four] = node === undefined ? FAULT : (places.get(node) ?? FAULT);
    }
  }
  return { next, completes, mayEnd: Uint8Array.from(nodes, (node) => (node.mayEnd ? 1 : 0)) };
}
