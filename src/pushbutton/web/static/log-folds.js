// The steps in an output: each has a head before its lines, which folds them. A place is a row of the window, counted
// from 1: a head, or a line that is not folded.

/**
 * @typedef {{name: string, state: string, first: number, last?: number, mark: Node, time: string}} Step
 *   `last` is not known of one that goes on
 * @typedef {{step?: Laid, from: number, count: number, at: number}} Part a head, or `count` lines from `from` on
 * @typedef {Step & {last: number, depth: number, open: boolean}} Laid
 */

export class Folds {
  total = 0; // places
  tidy = false; // steps that went well come folded
  /** @type {Laid[]} */ steps = [];
  /** @type {Part[]} */ #parts = [];
  /** @type {Map<string, boolean>} by name */ #open = new Map();

  /** These are the steps of so many lines. @param {Step[]} steps @param {number} lines */
  lay(steps, lines) {
    const parts = this.#parts = [], around = [];
    let next = 1;
    this.steps = [];
    this.total = 0;
    const shown = () => around.every(step => step.open);
    const add = part => { if (shown()) { parts.push({ ...part, at: this.total + 1 }); this.total += part.count; } };
    const upTo = line => { if (line >= next) { add({ from: next, count: line - next + 1 }); next = line + 1; } };
    const leave = line => { while (around.length && around.at(-1).last < line) { upTo(around.at(-1).last); around.pop(); } };
    for (const step of ordered(steps, lines)) {
      leave(step.first);
      if (around.length && step.last > around.at(-1).last) leave(step.last); // side by side with it: what is left is its own
      const first = Math.max(step.first, next);
      if (first > step.last) continue;
      upTo(first - 1);
      const laid = { ...step, first, depth: around.length, open: this.#open.get(step.name) ?? !(this.tidy && step.state === 'succeeded') };
      this.#open.set(step.name, laid.open);
      this.steps.push(laid);
      add({ step: laid, from: first, count: 1 });
      around.push(laid);
    }
    leave(Infinity);
    upTo(lines);
  }

  /** What stands at a place. @returns {{step: Laid} | {n: number}} */
  at(place) {
    const part = this.#parts.findLast(one => one.at <= place);
    return part?.step ? { step: part.step } : { n: part ? part.from + place - part.at : place };
  }

  /** Where a line stands, or the head of what folds it. */
  place(line) {
    const part = this.#parts.findLast(one => one.from <= line);
    if (!part) return 1;
    return part.step ? part.at : part.at + Math.min(line - part.from, part.count - 1);
  }

  /** Where the head of a step stands, or of what folds it. */
  head(name) {
    const step = this.steps.find(one => one.name === name);
    return this.#parts.find(one => one.step === step)?.at ?? this.place(step?.first ?? 1);
  }

  /** The lines at these places, as ranges. @returns {[number, number][]} */
  lines(first, last) {
    const found = [];
    for (const { step, from, count, at } of this.#parts) {
      const low = Math.max(first, at), high = Math.min(last, at + count - 1);
      if (!step && low <= high) found.push([from + low - at, from + high - at]);
    }
    return found;
  }

  /** Whether one of these lines is folded: these steps hold it. @param {...number} lines */
  hiding(...lines) {
    return this.steps.filter(step => !step.open && lines.some(line => step.first <= line && line <= step.last));
  }

  /** To be laid again. @param {Iterable<{name: string}>} steps @param {boolean} open */
  set(steps, open) {
    for (const { name } of steps) this.#open.set(name, open);
  }
}

/** By where they begin, each before what lies in it; one whose end is not known goes up to the next. */
function ordered(steps, lines) {
  const found = steps.filter(step => step.first <= lines).sort((one, other) => one.first - other.first);
  const known = found.map((step, index) => {
    const last = step.last ?? (step.state === 'running' ? lines : (found[index + 1]?.first ?? lines + 1) - 1);
    return { ...step, last: Math.min(last, lines) };
  });
  return known.sort((one, other) => one.first - other.first || other.last - one.last);
}
