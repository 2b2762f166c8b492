// The lines of one output, fetched by range as they are looked at, kept for a while, and brought up to date by the end
// of the output while somebody follows it.

const CHUNK = 200; // lines fetched at once
const KEPT = 24; // chunks; more are forgotten, the longest unused first
const REACH = 200; // lines before the end that a job may still rewrite
const STALE = 500; // ms after which such lines are worth another look
const AGAIN = 2_000; // ms after a failure
const AT_ONCE = 2; // requests

/** @typedef {{n: number, at: string | null, t: string | string[][], c?: boolean}} Line */

export class Lines {
  total = 0;
  over = false;
  bytes = -1;
  /** @type {Map<number, {lines: Line[], bytes: number, total: number, at: number}>} */ #chunks = new Map();
  /** @type {Map<number, AbortController>} */ #asking = new Map();
  /** @type {number[]} */ #wanted = [];
  #again = 0;

  /** @param {string} run @param {() => void} changed called when there are other lines than before, or more */
  constructor(run, changed) {
    this.address = `/api/runs/${run}/output`;
    this.changed = changed;
  }

  /** The line, or undefined until it has come. @param {number} n @returns {Line | undefined} */
  get(n) {
    return this.#chunks.get(place(n))?.lines[(n - 1) % CHUNK];
  }

  /** Read the last lines, which also tells how many there are. */
  async end() {
    const page = await this.#fetch(-CHUNK, CHUNK);
    this.#take(page);
    this.changed();
  }

  /** The end of the output as it grew. @param {{total: number, bytes: number, over: boolean, first: number, lines: Line[]}} frame */
  tail(frame) {
    if (frame.bytes === this.bytes && frame.over === this.over) return;
    this.#take(frame);
    this.changed();
  }

  /** These lines are looked at: fetch what is missing, and nothing that was wanted before. */
  want(first, last) {
    const wanted = [];
    for (let index = place(first); index <= place(Math.max(first, last)); index += 1) {
      const chunk = this.#chunks.get(index);
      if (chunk) { this.#chunks.delete(index); this.#chunks.set(index, chunk); } // the newest used
      if (this.#lacks(index, chunk, first, last)) wanted.push(index);
    }
    this.#wanted = wanted;
    for (const [index, control] of this.#asking) if (!wanted.includes(index)) control.abort();
    this.#next();
    for (const index of this.#chunks.keys()) {
      if (this.#chunks.size <= KEPT) break;
      this.#chunks.delete(index);
    }
  }

  #lacks(index, chunk, first, last) {
    const low = Math.max(first, index * CHUNK + 1), high = Math.min(last, (index + 1) * CHUNK, this.total);
    if (!chunk) return low <= high;
    for (let n = low; n <= high; n += 1) if (!chunk.lines[(n - 1) % CHUNK]) return true;
    const settled = chunk.bytes === this.bytes || high <= chunk.total - REACH;
    return !settled && Date.now() - chunk.at > STALE;
  }

  #next() {
    for (const index of this.#wanted) {
      if (this.#asking.size >= AT_ONCE) return;
      if (!this.#asking.has(index)) this.#ask(index);
    }
  }

  async #ask(index) {
    const control = new AbortController(), chunk = this.#chunks.get(index);
    this.#asking.set(index, control);
    // A page of very long lines ends early: go on behind what there is, unless that may have been rewritten.
    let skip = 0;
    while (chunk && chunk.total - REACH > index * CHUNK + skip && chunk.lines[skip]) skip += 1;
    skip %= CHUNK;
    try {
      const page = await this.#fetch(index * CHUNK + 1 + skip, CHUNK - skip, control.signal);
      this.#take(page);
      this.#wanted = this.#wanted.filter(other => other !== index);
      this.changed();
    } catch (error) {
      if (error.name !== 'AbortError') {
        clearTimeout(this.#again);
        this.#again = setTimeout(() => this.changed(), AGAIN);
        this.#wanted = [];
      }
    } finally {
      this.#asking.delete(index);
      this.#next();
    }
  }

  async #fetch(from, count, signal) {
    const answer = await fetch(`${this.address}/lines?from=${from}&count=${count}`, { signal });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return answer.json();
  }

  #take(page) {
    const late = page.bytes < this.bytes; // overtaken by another answer: only what was settled then still holds
    if (!late) {
      this.total = page.total;
      this.over = page.over;
      this.bytes = page.bytes;
    }
    let chunk;
    for (const line of page.lines) {
      if (late && line.n > page.total - REACH) break;
      const index = place(line.n);
      if (!chunk || chunk.index !== index) {
        chunk = { index, lines: this.#chunks.get(index)?.lines ?? [] };
        this.#chunks.set(index, { lines: chunk.lines, bytes: page.bytes, total: page.total, at: Date.now() });
      }
      chunk.lines[(line.n - 1) % CHUNK] = line;
    }
  }

  /** Lines that hold the text, nearest first. @returns {Promise<{total: number, more: boolean, hits: {n: number}[]}>} */
  async find(query, { from = 1, limit = 1, back = false }) {
    const ask = new URLSearchParams({ q: query, from: String(from), limit: String(limit), back: back ? '1' : '0' });
    const answer = await fetch(`${this.address}/search?${ask}`);
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return answer.json();
  }
}

const place = n => Math.floor((n - 1) / CHUNK);
