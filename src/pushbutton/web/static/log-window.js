// A list of any length of which only the rows in sight exist: a spacer, the rows, a spacer.
//
// Rows may be of any height (wrapped lines), so nothing is calculated from line numbers that can be measured instead:
// the first row in sight is the anchor of every change, and where the change would move it, the spacer above gives way.
// Scrolling by hand is therefore exact. Where a scrollbar is dragged to is a fraction of all lines. Browsers cannot
// scroll further than some 17 million pixels, so the whole is at most CAP high; it is put right when scrolling rests.

const CAP = 8_000_000; // px of both spacers and rows
const SPARE = 12; // rows drawn beyond what is in sight, on either side
const SHORT = 3; // screens beyond the rows
const END = 0.9999; // of the way
const REST = 200; // ms without scrolling
const LEFT = 16; // px that stay in sight of a row that shrinks

export class LogWindow {
  first = 1; // place of the first row; places are counted from 1
  total = 0;
  /** @type {HTMLElement[]} rows in order, from line `first` on */ rows = [];
  #pool = [];
  #unit = 20; // px of one row, on average
  #full = false;
  #known = false; // whether that was measured at this width
  #space = 0; // px of the spacer above
  #below = 0;
  #was = 0; // the scroll position that was dealt with last, or that we set
  stuck = false; // the end is followed
  #mark = null; // {n, edge, at}: the row whose top or bottom stays where it is when sizes change
  #drawing = 0;
  #resting = 0;
  #width = 0;

  /**
   * @param {HTMLElement} box what scrolls
   * @param {{make: () => HTMLElement, fill: (row: HTMLElement, n: number) => void, ready: (row: HTMLElement) => boolean,
   *   clear: (row: HTMLElement) => void, moved: (by: number) => void}} parts `ready` says whether the row is as high as
   *   its line, which may not have come yet; `clear` is for rows that are not used for now; `moved` is called with other lines in sight, and by how many pixels the reader scrolled
   */
  constructor(box, parts) {
    this.box = box;
    this.parts = parts;
    this.list = document.createElement('ol');
    this.top = document.createElement('div');
    this.bottom = document.createElement('div');
    this.top.className = this.bottom.className = 'space';
    box.replaceChildren(this.top, this.list, this.bottom);
    box.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#resized()).observe(box);
  }

  get last() { return this.first + this.rows.length - 1; }
  get #high() { return this.box.clientHeight; }
  get #fits() { return Math.min(500, Math.max(1, Math.ceil(this.#high / this.#unit))); }
  /** How far the reader has scrolled without anything done about it yet. */
  get #unseen() { return this.box.scrollTop - this.#was; }
  /** Whether that was up. */
  get pulledUp() { return this.#unseen < -2; }
  /** How much of the way is scrolled. */
  get #part() { const way = this.box.scrollHeight - this.#high; return way > 0 ? Math.min(1, this.box.scrollTop / way) : 1; }
  /** Whether the last line is in sight. */
  get atEnd() { return this.last >= this.total && this.box.scrollTop + this.#high >= this.box.scrollHeight - 4; }

  /** The lines in sight. @returns {[number, number]} */
  get sight() {
    const from = this.box.getBoundingClientRect().top, to = from + this.#high;
    let [low, high] = [0, 0];
    for (const row of this.rows) {
      const { top, bottom } = row.getBoundingClientRect();
      if (bottom > from && top < to) { low ||= row.place; high = row.place; }
    }
    return [low, high];
  }

  /** Show the end. */
  end() {
    if (!this.#high) return;
    const first = Math.max(1, this.total - this.#fits - (this.stuck ? 2 : SPARE));
    this.#range(first, this.total);
    this.#measure();
    const ideal = this.#ideal(first);
    // While the end is followed the spacer above need not be exact: each change of it would cost another layout.
    const near = this.stuck && this.#space > 2 * this.#high && Math.abs(this.#space - ideal) < ideal / 4;
    this.#spaces(first > 1 && near ? this.#space : ideal);
    this.#scroll(this.box.scrollHeight);
    if (this.stuck) this.#mark = null; else this.#remember();
  }

  /** Show a row, so many pixels below the upper edge. @param {number} n its place */
  go(n, below = this.#high / 3) {
    if (!this.#high) return;
    n = Math.min(Math.max(1, n), this.total);
    const first = Math.max(1, n - this.#fits - SPARE);
    this.#range(first, Math.min(this.total, n + this.#fits + SPARE));
    this.#measure();
    this.#spaces(this.#ideal(first));
    const row = this.rows[n - this.first];
    if (row) this.#scroll(row.offsetTop - below);
    this.#mark = this.#at(row, 'top');
    this.parts.moved(0);
  }

  /** There are more lines, or other ones: draw again what is in sight. */
  refresh() {
    if (!this.#high) return;
    this.#answer(); // before anything changes: where the reader went is a place in what was there
    if (this.last > this.total || !this.rows.length) { this.#jump(); return; }
    this.#steady(() => { for (const row of this.rows) this.parts.fill(row, row.place); });
    this.#cover();
  }

  /** Change how rows look, keeping the one that is looked at in its place. @param {() => void} change */
  restyle(change) {
    this.#answer();
    this.#steady(() => {
      change();
      this.#known = false;
    });
    this.#cover();
  }

  // --- scrolling

  #scrolled() {
    this.#drawing ||= requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#answer();
    });
  }

  /** Follow the reader's scrolling. */
  #answer() {
    const by = this.#unseen;
    if (!this.#high || Math.abs(by) < 1) return;
    this.#was = this.box.scrollTop;
    this.#mark = null;
    // Before scrolling rests, heights that have just become known may have made the spacers untrue: a long way then counts
    // as a fraction of the whole, wherever it ended among the rows.
    const untrue = Math.abs(this.#ideal(this.first) - this.#space) >= 2 * this.#high;
    if (untrue && Math.abs(by) > SHORT * this.#high) this.#jump(); else this.#cover();
    this.parts.moved(by);
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#settle(), REST);
  }

  /** The first row in sight, and how far below the upper edge it begins. @returns {[HTMLElement, number] | null} */
  get anchor() {
    const [first] = this.sight, row = this.rows.find(one => one.place === first);
    return row ? [row, this.below(row)] : null;
  }

  /** How far below the upper edge a row begins, in pixels. */
  below(row) { return row.getBoundingClientRect().top - this.box.getBoundingClientRect().top; }

  /** Have rows for what is in sight, and some more. */
  #cover() {
    const [low, high] = this.sight;
    if (!low) { this.#catchUp(); return; }
    const from = this.box.scrollTop, to = from + this.#high, under = this.#space + this.list.offsetHeight;
    const lacks = Math.ceil(Math.max(0, this.#space - from) / this.#unit), more = Math.ceil(Math.max(0, to - under) / this.#unit);
    const first = Math.max(1, low - lacks - SPARE), last = Math.min(this.total, high + more + SPARE);
    const near = Math.abs(first - this.first) < SPARE / 2 && Math.abs(last - this.last) < SPARE / 2;
    const enough = !lacks && !more && (first > 1 || this.first === 1) && (last < this.total || this.last === this.total);
    if (near && enough) { this.#spaces(this.#space); return; }
    this.#steady(() => this.#range(first, last));
    if (!this.#mark) this.#remember();
    this.parts.moved(0);
  }

  /** No row is in sight. Of a short way the pixels count, of a long one the fraction of the whole. */
  #catchUp() {
    const from = this.box.scrollTop, part = this.#part, passed = this.#space < from;
    const gap = passed ? Math.max(0, from - this.#space - this.list.offsetHeight) : this.#space - from;
    if (!this.rows.length || gap > SHORT * this.#high || part === 0 || part > END) this.#jump();
    else this.#show(passed ? this.last + 1 + Math.floor(gap / this.#unit) : this.first - Math.ceil(gap / this.#unit));
  }

  /** The scrollbar was dragged far away: the fraction of the way is the fraction of the lines. */
  #jump() {
    if (this.#part > END || this.total <= this.#fits) { this.end(); this.parts.moved(0); } else this.#show(1 + Math.floor(this.#part * (this.total - this.#fits)));
  }

  /** Have a line at the upper edge of where the reader has scrolled to. */
  #show(n) {
    n = Math.min(Math.max(1, n), this.total);
    const first = Math.max(1, n - SPARE);
    this.#range(first, Math.min(this.total, n + this.#fits + SPARE));
    this.#measure();
    const above = this.box.scrollTop - (this.rows[n - first].offsetTop - this.rows[0].offsetTop);
    if (first === 1) this.#shift(0, -above); else this.#shift(Math.max(0, above), 0);
    this.#remember();
    this.parts.moved(0);
  }

  /** Scrolling rests: let the scrollbar say the truth again. Only where heights differ or the cap is reached. */
  #settle() {
    if (!this.#high || !this.rows.length || Math.abs(this.#unseen) >= 1 || this.box.matches(':active')) return;
    if (!this.#mark && !this.stuck) this.#remember();
    const shift = this.#ideal(this.first) - this.#space;
    if (Math.abs(shift) >= 2 * this.#high) this.#shift(this.#space + shift, shift);
  }

  #resized() {
    const width = this.box.clientWidth;
    if (!this.#high) return;
    if (this.stuck) { this.#width = width; this.#known = false; this.end(); this.parts.moved(0); return; }
    if (width === this.#width) { this.#cover(); return; }
    this.#width = width;
    this.#known = false;
    if (!this.rows.length) { this.parts.moved(0); return; }
    this.#measure();
    this.#hold();
    this.#cover();
  }

  // --- rows and spacers

  /** Make `rows` those of the lines from `first` to `last`; rows of lines that stay are left alone. */
  #range(first, last) {
    const kept = new Map(this.rows.map(row => [row.place, row]));
    for (const [n, row] of kept) if (n < first || n > last) { this.#pool.push(row); kept.delete(n); }
    if (kept.size === 0) this.list.replaceChildren();
    const rows = [];
    const outside = row => row && (row.place < first || row.place > last);
    let at = this.list.firstChild;
    while (outside(at)) { const gone = at; at = at.nextSibling; gone.remove(); } // first: a row that stays is not moved, so it keeps the focus
    for (let n = first; n <= last; n += 1) {
      const row = kept.get(n) ?? this.#pool.pop() ?? this.parts.make();
      row.place = n;
      this.parts.fill(row, n);
      if (row === at) at = at.nextSibling; else this.list.insertBefore(row, at);
      while (outside(at)) { const gone = at; at = at.nextSibling; gone.remove(); }
      rows.push(row);
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
    this.#pool.length = Math.min(this.#pool.length, 100);
    this.#pool.forEach(this.parts.clear);
    this.first = first;
    this.rows = rows;
  }

  #measure() {
    if (!this.rows.length) return;
    const ready = this.rows.every(this.parts.ready);
    if (ready || !this.#known) {
      const now = Math.max(1, this.list.getBoundingClientRect().height / this.rows.length);
      this.#unit = !this.#known || Math.abs(this.#unit - now) < 0.5 ? now : this.#unit * 0.7 + now * 0.3;
      this.#known = ready;
    }
    // Of a fixed size, the browser need not look beyond it when rows change.
    const full = this.total * this.#unit > 1.2 * this.#high && this.total > this.#fits;
    if (full !== this.#full) this.box.classList.toggle('full', this.#full = full);
  }

  #height() { return Math.min(CAP, this.total * this.#unit); }

  #ideal(first) { return first <= 1 ? 0 : (first - 1) / Math.max(1, this.total) * this.#height(); }

  #spaces(above) {
    if (this.#space !== above) this.top.style.setProperty('height', `${this.#space = above}px`);
    const least = Math.min(4 * this.#high, (this.total - this.last) * this.#unit); // to go on, wherever the way seems to end
    const rest = () => Math.max(least, this.#height() - above - this.list.offsetHeight);
    const below = this.last >= this.total ? 0 : rest();
    if (this.#below !== below && (Math.abs(this.#below - below) >= 1 || below === 0)) this.bottom.style.setProperty('height', `${this.#below = below}px`);
  }

  #scroll(to) {
    this.box.scrollTop = to;
    this.#was = this.box.scrollTop;
  }

  /** Make the spacer above that high, and scroll by so much. */
  #shift(above, by) {
    const unseen = this.#unseen, to = this.box.scrollTop + by; // the browser may scroll by itself when the spacers shrink
    this.#spaces(above);
    if (Math.abs(by) < 0.5) return;
    this.box.scrollTop = to;
    this.#was = this.box.scrollTop - unseen;
  }

  /** Change rows without moving what is looked at. */
  #steady(change) {
    if (!this.#mark) this.#remember();
    change();
    this.#measure();
    this.#hold();
  }

  /** The row that is looked at: the first in sight, or the last one where the end is. */
  #remember() {
    const from = this.box.getBoundingClientRect().top;
    this.#mark = this.atEnd ? this.#at(this.rows.at(-1), 'bottom')
      : this.#at(this.rows.find(row => row.getBoundingClientRect().bottom > from), 'top');
  }

  #at(row, edge) {
    return row ? { n: row.place, edge, at: row.getBoundingClientRect()[edge] - this.box.getBoundingClientRect().top } : null;
  }

  /** Put the marked row back to where it was: the spacer above gives way, the scroll position only where it cannot. */
  #hold() {
    const row = this.#mark && this.rows[this.#mark.n - this.first];
    let above = this.#space, by = 0;
    if (row) {
      const { edge, at } = this.#mark, { height } = row.getBoundingClientRect();
      const gone = edge === 'top' && at + height <= 0; // it has become much lower
      above += (gone ? LEFT - height : at) - this.#at(row, edge).at;
    }
    if (this.first === 1) { by = -above; above = 0; }
    else if (above < Math.min(this.#high, this.#ideal(this.first)) / 2) { by = this.#ideal(this.first) - above; above += by; }
    this.#shift(above, by);
  }
}
