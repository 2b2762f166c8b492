// The technical output of a run: the rows in sight of any number of lines, followed, searched, linked.

import { Lines } from './log-lines.js';
import { Folds } from './log-folds.js';
import { fill, head, row } from './log-row.js';
import { LogWindow } from './log-window.js';

const number = new Intl.NumberFormat(document.documentElement.lang);
const LONG = 200; // lines of a run that is over, from which on the steps that went well come folded
const RANKED = 200; // matches up to which it is worth saying which one this is

/**
 * @param {HTMLElement} box what the server rendered for those without scripts; from now on it is ours
 * @param {(topic: string, listener: (data: any) => void) => () => void} watch hears the live stream
 */
export function mount(box, watch) {
  const out = box.closest('.out'), parts = out.querySelector('#log-parts').content.cloneNode(true);
  const one = selector => parts.querySelector(selector) ?? out.querySelector(selector);
  const frame = one('.log-frame'), tools = one('.tools'), followButton = one('.tail'), empty = one('.nothing'), count = one('#out-count');
  const blank = one('.fold'), foldAll = one('[data-fold]');
  out.querySelector('.tools').replaceWith(tools);
  box.replaceWith(frame);
  frame.prepend(box);
  blank.remove();

  const lines = new Lines(box.dataset.run, changed), folds = new Folds();
  const view = new LogWindow(box, { make: row, fill: draw, ready: item => Boolean(item.line), clear, moved });
  const wanted = linked();
  let marked = wanted ?? [0, 0];
  let over = box.dataset.over === 'yes', behind = false, unwatch = null, wide = 0, counted = 0, telling = 0, going = wanted?.[0] ?? named();
  let led = !wanted; // to the output, by a link to a line of it
  let known = listed(), laid = false;
  let wrong = named(); // the line that names why it failed
  follow(!over && !wanted);

  // --- lines come

  function changed() {
    if (document.hidden) { behind = true; return; }
    lay();
    const digits = Math.max(4, String(lines.total).length);
    if (digits !== wide) box.style.setProperty('--digits', String(wide = digits));
    if (going && going <= lines.total) { show(going); going = 0; }
    else if (view.stuck && !view.pulledUp) view.end();
    else if (view.rows.length) view.refresh();
    else view.end();
    if (!led && lines.total) { led = true; out.scrollIntoView({ block: 'start' }); }
    if (view.stuck && view.pulledUp) follow(false);
    wrong = named();
    if (lines.over && !over) { over = true; follow(false); listen(); }
    telling ||= setTimeout(tell, lines.total && counted && !over ? 900 : 0);
    want();
  }

  function want() {
    lines.want(folds.lines(view.first, view.last));
  }

  /** What stands around the rows; outside of them, so not ten times a second. */
  function tell() {
    telling = 0;
    counted = lines.total;
    count.textContent = lines.total === 1 ? count.dataset.one : lines.total ? count.dataset.many.replace('#', number.format(lines.total)) : '';
    empty.hidden = lines.total > 0;
    if (over) empty.textContent = empty.dataset.over;
    followButton.hidden = over || !lines.total;
  }

  function moved(by) {
    if (by) going = 0; // who scrolls no longer waits for a line that has not come
    if (by < 0 && view.stuck) follow(false);
    if (by > 0 && !view.stuck && !over && view.atEnd) follow(true);
    want();
  }

  /** The live end of the output: only while it grows and somebody looks. */
  function listen() {
    unwatch?.();
    unwatch = out.open && !over ? watch(`tail:${box.dataset.run}`, tail => lines.tail(tail)) : null;
  }

  function follow(on) {
    view.stuck = on;
    followButton.ariaPressed = String(on);
    followButton.querySelector('span').textContent = on ? followButton.dataset.following : followButton.dataset.letGo;
    if (on) { going = 0; view.end(); want(); }
  }

  followButton.addEventListener('click', () => follow(!view.stuck));
  document.addEventListener('visibilitychange', () => { if (behind && !document.hidden) { behind = false; changed(); } });
  document.addEventListener('selectionchange', () => {
    const chosen = document.getSelection();
    if (view.stuck && !chosen.isCollapsed && box.contains(chosen.anchorNode)) follow(false); // rows that are selected stay
  });
  out.addEventListener('toggle', () => { listen(); view.refresh(); }); // what was folded meanwhile had no height
  for (const kind of ['click', 'keydown', 'wheel']) out.addEventListener(kind, () => { delete out.dataset.glance; }, { passive: true }); // as high as for reading

  // --- how a row looks

  function draw(item, place) {
    const { step, n } = folds.at(place);
    if (step) { shade(item); head(item, step, blank); return; }
    fill(item, n, lines.get(n));
    item.classList.toggle('hit', n >= marked[0] && n <= marked[1]);
    item.classList.toggle('found', n === finding.at);
    item.classList.toggle('wrong', n === wrong);
    shade(item);
  }

  function clear(item) {
    if (item.contains(document.activeElement)) box.focus({ preventScroll: true });
    if (!item.n) return;
    fill(item, 0, undefined);
    shade(item);
  }

  function redraw() {
    for (const item of view.rows) draw(item, item.place);
  }

  // --- the lines of a step fold under its head

  /** The steps on the page that wrote something. */
  function listed() {
    return [...document.querySelectorAll('#run-steps li[data-first]')].map(item => ({
      name: item.querySelector('.what').textContent,
      state: item.dataset.state,
      first: Number(item.dataset.first),
      last: item.dataset.last ? Number(item.dataset.last) : undefined,
      mark: item.querySelector('.dot'),
      time: item.dataset.state === 'running' ? '' : item.querySelector('.time').textContent,
    }));
  }

  function lay() {
    if (!laid && lines.total) { laid = true; folds.tidy = over && lines.total > LONG; }
    folds.lay(known, lines.total);
    view.total = folds.total;
    foldAll.hidden = !folds.steps.length;
    foldAll.ariaPressed = String(folds.steps.length > 0 && !folds.steps.some(step => step.open));
  }

  /** Lay the rows anew; one of them stays where it is, by itself the first in sight. */
  function regroup(anchor = view.anchor) {
    const { step, n } = anchor?.[0] ?? {};
    lay();
    if (view.stuck || !anchor) view.end(); else view.go(step ? folds.head(step.name) : folds.place(n), anchor[1]);
    want();
  }

  /** Fold or unfold steps. @param {{name: string}[]} steps */
  function fold(steps, open, anchor = view.anchor) {
    folds.set(steps, open);
    if (!open && view.stuck && over) follow(false);
    regroup(anchor);
  }

  /** Go to a line; what folds it is unfolded. */
  function show(n) {
    const hiding = folds.hiding(n);
    if (hiding.length) { folds.set(hiding, true); lay(); }
    view.go(folds.place(n));
  }

  foldAll.addEventListener('click', () => fold(folds.steps, foldAll.ariaPressed === 'true'));
  box.addEventListener('click', event => {
    const item = event.target.closest('.step');
    if (item) fold([item.step], !item.step.open, [item, view.below(item)]);
  });
  const list = document.getElementById('run-steps');
  if (list) {
    new MutationObserver(() => {
      const fresh = listed(), same = (one, other) => other && one.first === other.first && one.last === other.last && one.state === other.state;
      if (fresh.length === known.length && fresh.every((step, index) => same(step, known[index]))) return;
      known = fresh;
      if (view.rows.length) regroup();
    }).observe(list, { childList: true, subtree: true, attributes: true, attributeFilter: ['data-first', 'data-last', 'data-state'] });
  }

  // --- how it is shown

  for (const [button, name] of [[one('[data-times]'), 'times'], [one('[data-wrap]'), 'wrap']]) {
    const set = on => { button.ariaPressed = String(on); box.classList.toggle(`no-${name}`, !on); };
    set(kept(`log-${name}`) !== 'no');
    button.addEventListener('click', () => {
      const on = button.ariaPressed !== 'true';
      keep(`log-${name}`, on ? 'yes' : 'no');
      if (view.stuck) { set(on); view.end(); } else view.restyle(() => set(on));
    });
  }

  /** It stands with the ending, which may come while the page is open. */
  function named() {
    return Number(document.querySelector('#run-hero [data-line]')?.dataset.line ?? 0);
  }

  const widen = one('[data-widen]');
  const wider = on => { widen.ariaPressed = String(on); out.classList.toggle('wide', on); };
  wider(kept('log-wide') === 'yes');
  widen.addEventListener('click', () => {
    const on = widen.ariaPressed !== 'true';
    keep('log-wide', on ? 'yes' : 'no');
    wider(on);
  });

  // --- links to lines: #L120, #L120-L140

  function linked() {
    const found = /^#L(\d{1,9})(?:-L?(\d{1,9}))?$/.exec(location.hash);
    if (!found) return null;
    const [from, to] = [Number(found[1]), Number(found[2] ?? found[1])];
    return from ? [Math.min(from, to), Math.max(from, to)] : null;
  }

  function mark(from, to) {
    marked = [from, to];
    history.replaceState(history.state, '', from === to ? `#L${from}` : `#L${from}-L${to}`);
    redraw();
  }

  function go(n) {
    follow(false);
    if (lines.total) show(n); else going = n;
    want();
  }

  box.addEventListener('click', event => {
    const item = event.target.closest('a:not(.to)')?.parentElement;
    if (!item?.n || event.ctrlKey || event.metaKey) return; // in a tab of its own
    event.preventDefault();
    follow(false);
    if (event.shiftKey && marked[0]) mark(Math.min(marked[0], item.n), Math.max(marked[0], item.n));
    else mark(item.n, item.n);
  });
  addEventListener('hashchange', () => {
    const range = linked();
    if (range) { marked = range; go(range[0]); redraw(); out.scrollIntoView({ block: 'start' }); }
  });
  const lineField = one('[data-line]');
  lineField.addEventListener('keydown', event => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    const n = Math.min(Number(lineField.value.replace(/\D/g, '')), lines.total);
    if (!n) return;
    go(n);
    mark(n, n);
    box.focus({ preventScroll: true });
  });

  // --- find

  const finding = { query: '', at: 0, turn: 0, total: -1, all: [] };
  const field = one('[data-find]'), said = one('[data-found]'), highlight = 'highlights' in CSS ? new Highlight() : null;
  if (highlight) CSS.highlights.set('found', highlight);

  function shade(item) {
    if (item.ranges) for (const range of item.ranges) highlight.delete(range);
    item.ranges = null;
    if (!highlight || !finding.query || !item.line) return;
    const needle = finding.query.toLowerCase(), nodes = [], walker = document.createTreeWalker(item.lastChild, NodeFilter.SHOW_TEXT);
    let text = '';
    while (walker.nextNode()) { nodes.push([text.length, walker.currentNode]); text += walker.currentNode.data; }
    const low = text.toLowerCase();
    if (low.length !== text.length) return;
    item.ranges = [];
    const spot = offset => { const [start, node] = nodes.findLast(([begin]) => begin <= offset); return [node, offset - start]; };
    for (let place = low.indexOf(needle); place >= 0 && item.ranges.length < 50; place = low.indexOf(needle, place + needle.length)) {
      const range = new Range();
      range.setStart(...spot(place));
      range.setEnd(...spot(place + needle.length));
      item.ranges.push(range);
      highlight.add(range);
    }
  }

  async function seek(back) {
    const turn = finding.turn += 1, query = field.value;
    if (query !== finding.query) Object.assign(finding, { query, at: 0, total: -1, all: [] });
    if (!query) { said.textContent = ''; redraw(); return; }
    const from = finding.at ? finding.at + (back ? -1 : 1) : seen();
    let found = from > 0 ? await lines.find(query, { from, back }) : { hits: [], total: 1 };
    if (found?.total && !found.hits.length) found = await lines.find(query, { from: back ? -1 : 1, back }); // around the end
    if (!found || turn !== finding.turn) return;
    finding.at = found.hits[0]?.n ?? 0;
    if (finding.at) go(finding.at);
    redraw();
    if (found.total !== finding.total && found.total <= RANKED) {
      const all = await lines.find(query, { limit: RANKED });
      if (!all || turn !== finding.turn) return;
      finding.all = all.hits.map(hit => hit.n);
    }
    finding.total = found.total;
    const rank = finding.all.indexOf(finding.at) + 1, total = number.format(found.total);
    said.textContent = !found.total ? said.dataset.none
      : rank && !found.more ? said.dataset.rank.replace('#', number.format(rank)).replace('#', total)
        : (found.more ? said.dataset.more : said.dataset.many).replace('#', total);
  }

  /** The first line in sight. */
  function seen() {
    const { step, n } = folds.at(view.sight[0] || 1);
    return step?.first ?? n;
  }

  let typed = 0;
  field.addEventListener('input', () => { clearTimeout(typed); typed = setTimeout(() => seek(false), 250); });
  field.addEventListener('keydown', event => {
    if (event.key === 'Enter') { event.preventDefault(); clearTimeout(typed); seek(event.shiftKey); }
    if (event.key === 'Escape' && field.value) { event.preventDefault(); field.value = ''; seek(false); box.focus({ preventScroll: true }); }
  });
  one('[data-next]').addEventListener('click', () => seek(false));
  one('[data-previous]').addEventListener('click', () => seek(true));

  listen();
  lines.begin();
}

function kept(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

function keep(name, value) {
  try { localStorage.setItem(name, value); } catch { /* no storage */ }
}
