// The lines of one output, fetched by range as they are looked at, kept for a while, and brought up to date by the end
// of the output while somebody follows it.
//
// Lines are asked for and forgotten by chunks. A page of very long lines ends before its chunk does; what is in sight
// and missing is then asked for from there on.

const CHUNK = 200; // lines fetched at once
const CUT = 10_000; // characters of one line; the plain text has all of them
const KEPT = 24; // chunks; more are forgotten, the longest unused first
const ROOM = 2_000_000; // characters of all chunks together, except the newest ones
const NEWEST = 4; // which all may be in sight
const REACH = 400; // lines before the end that a job may still rewrite: 200, and as many again that it took apart
const STALE = 500; // ms after which such lines are worth another look
const AGAIN = 2_000; // ms after a failure
const AT_ONCE = 2; // requests

/**
 * @typedef {{bytes: number, total: number, at: number}} Seen how much output there was when a line was read
 * @typedef {{n: number, at: string | null, t: string | string[][], c?: boolean, cut?: boolean, seen: Seen}} Line
 * @typedef {{lines: Line[], chars: number}} Chunk
 */

export class Lines {
  total = 0;
  over = false;
  bytes = -1;
  /** @type {Map<number, Chunk>} the longest unused first */ #chunks = new Map();
  /** @type {Map<number, AbortController>} */ #asking = new Map();
  /** @type {Map<number, [number, number]>} from which line on, and how many */ #wanted = new Map();
  #again = 0;

  /** @param {string} run @param {() => void} changed called when there are other lines than before, or more */
  constructor(run, changed) {
    this.address = new URL(`../api/runs/${run}/output`, import.meta.url).href;
    this.changed = changed;
  }

  /** The line, or undefined until it has come. @param {number} n @returns {Line | undefined} */
  get(n) {
    return this.#chunks.get(place(n))?.lines[(n - 1) % CHUNK];
  }

  /** Read the last lines, which also tells how many there are. */
  async begin() {
    const page = await this.#page(-CHUNK, CHUNK);
    if (!page) { setTimeout(() => this.begin(), AGAIN); return; }
    this.#take(page);
    this.changed();
  }

  /** The end of the output as it grew. @param {{total: number, bytes: number, over: boolean, first: number, lines: Line[]}} frame */
  tail(frame) {
    if (frame.bytes === this.bytes && frame.over === this.over) return;
    this.#take(frame);
    this.changed();
  }

  /** These lines are looked at: fetch what is missing, and nothing that was wanted before. @param {[number, number][]} ranges */
  want(ranges) {
    this.#wanted = new Map();
    for (const [first, last] of ranges) {
      for (let index = place(first); index <= place(last); index += 1) {
        const chunk = this.#chunks.get(index), gap = this.#gap(index, first, last);
        if (chunk) { this.#chunks.delete(index); this.#chunks.set(index, chunk); } // the newest used
        if (gap && !this.#wanted.has(index)) this.#wanted.set(index, gap); // what is missing behind it is asked for next
      }
    }
    for (const [index, control] of this.#asking) if (!this.#wanted.has(index)) control.abort();
    this.#next();
  }

  /** What is missing of a chunk from the first missing line in sight on; of one that was never asked for, all. */
  #gap(index, first, last) {
    const known = this.#chunks.get(index)?.lines ?? [], begin = index * CHUNK;
    const low = Math.max(first - begin, 1), high = Math.min(last - begin, CHUNK, this.total - begin);
    let from = low;
    while (from <= high && this.#holds(known[from - 1])) from += 1;
    if (from > high) return null;
    if (!known[0]) from = 1;
    let to = from;
    while (to < CHUNK && !this.#holds(known[to])) to += 1;
    return [begin + from, to - from + 1];
  }

  /** Whether the line is as the job left it, as far as is known; what it may have rewritten is asked for now and then. */
  #holds(line) {
    if (!line) return false;
    if (line.seen.bytes === this.bytes || line.n <= line.seen.total - REACH) return true;
    const young = line.seen.at + STALE - Date.now();
    if (young > 0) this.#later(young);
    return young > 0;
  }

  #later(wait) {
    this.#again ||= setTimeout(() => { this.#again = 0; this.changed(); }, wait);
  }

  #next() {
    for (const [index, [from, count]] of this.#wanted) {
      if (this.#asking.size >= AT_ONCE) return;
      if (!this.#asking.has(index)) this.#ask(index, from, count);
    }
  }

  async #ask(index, from, count) {
    const control = new AbortController();
    this.#asking.set(index, control);
    const page = await this.#page(from, count, control.signal);
    this.#asking.delete(index);
    if (page?.lines.length) {
      this.#wanted.delete(index);
      this.#take(page);
      this.changed(); // which asks for more, if that is not all
    } else if (!control.signal.aborted) {
      this.#wanted.clear();
      this.#later(AGAIN);
    }
    this.#next();
  }

  #page(from, count, signal) {
    return answer(`${this.address}/lines?from=${from}&count=${count}&cut=${CUT}`, signal);
  }

  #take(page) {
    const late = page.bytes < this.bytes; // overtaken by another answer: only what was settled then still holds
    if (!late) {
      this.total = page.total;
      this.over = page.over;
      this.bytes = page.bytes;
    }
    const seen = { bytes: page.bytes, total: page.total, at: Date.now() };
    for (const line of page.lines) {
      if (late && line.n > page.total - REACH) break;
      const index = place(line.n), spot = (line.n - 1) % CHUNK;
      let chunk = this.#chunks.get(index);
      if (!chunk) this.#chunks.set(index, chunk = { lines: [], chars: 0 });
      chunk.chars += size(line) - size(chunk.lines[spot]);
      line.seen = seen;
      chunk.lines[spot] = line;
    }
    this.#forget();
  }

  #forget() {
    let chars = 0;
    for (const chunk of this.#chunks.values()) chars += chunk.chars;
    for (const [index, chunk] of this.#chunks) {
      if (this.#chunks.size <= NEWEST || (this.#chunks.size <= KEPT && chars <= ROOM)) return;
      chars -= chunk.chars;
      this.#chunks.delete(index);
    }
  }

  /**
   * Lines that hold the text, nearest first; null if the server cannot be asked.
   * @returns {Promise<{total: number, more: boolean, hits: {n: number}[]} | null>}
   */
  find(query, { from = 1, limit = 1, back = false }) {
    return answer(`${this.address}/search?${new URLSearchParams({ q: query, from, limit, back: back ? '1' : '0' })}`);
  }
}

async function answer(address, signal) {
  try {
    const response = await fetch(address, { signal });
    return response.ok ? await response.json() : null;
  } catch { // no connection, or nobody wants it any more
    return null;
  }
}

const place = n => Math.floor((n - 1) / CHUNK);
const size = line => (!line ? 0 : typeof line.t === 'string' ? line.t.length : line.t.reduce((sum, [text]) => sum + text.length, 0));
