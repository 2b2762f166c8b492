// One line of an output as a row. What a job writes is hostile: it becomes text nodes and nothing else, except that an
// http or https address becomes a link.

const LINK = /https?:\/\/[^\s"'<>`\\^{|}\p{Cc}]+/giu;
const END = /[.,:;!?)\]*_]+$/;
const NAMED = /^[fFbB][0-7]$|^[biudsvh]$/;

const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
let second = '', said = '';

/** The wall-clock time of a line, to the second; most lines have that of the line before. */
function told(at) {
  if (at.slice(0, 19) !== second) { second = at.slice(0, 19); said = clock.format(new Date(at)); }
  return said;
}

/** An empty row: number, time, text. As a head of a step it holds a button in their place. */
export function row() {
  const item = document.createElement('li'), link = document.createElement('a'), text = document.createElement('span');
  link.tabIndex = -1;
  text.className = 'tx';
  item.append(link, document.createElement('time'), text);
  item.parts = [...item.children];
  return item;
}

const count = new Intl.NumberFormat(document.documentElement.lang);

/** Show the head of a step in it. @param {HTMLElement} blank the button, to be copied */
export function head(item, step, blank) {
  if (!item.step) {
    item.n = 0;
    item.line = undefined;
    item.className = 'step';
    item.replaceChildren(item.head ??= blank.cloneNode(true));
  }
  if (item.step?.name !== step.name || item.step.state !== step.state) item.head.querySelector('.dot').replaceWith(step.mark.cloneNode(true));
  const said = (selector, text) => { const part = item.head.querySelector(selector); if (part.textContent !== text) part.textContent = text; };
  const lines = item.head.querySelector('.lines'), many = step.last - step.first + 1;
  said('b', step.name);
  said('.lines', many === 1 ? lines.dataset.one : lines.dataset.many.replace('#', count.format(many)));
  said('.time', step.time);
  item.head.ariaExpanded = String(step.open);
  item.dataset.state = step.state;
  item.dataset.depth = Math.min(step.depth, 3);
  item.step = step;
}

/** Show line `n` in it; `line` is undefined until it has come. What was shown of it stays meanwhile. */
export function fill(item, n, line) {
  if (item.step) {
    item.step = null;
    item.className = '';
    delete item.dataset.state;
    item.replaceChildren(...item.parts);
    item.parts[2].replaceChildren();
  }
  if (item.n === n && (item.line === line || !line)) return;
  const [link, time, text] = item.children;
  if (item.n !== n) {
    item.n = n;
    link.href = `#L${n}`;
    link.textContent = String(n);
  }
  const same = item.line && line && typeof line.t === 'string' && item.line.t === line.t && item.line.cut === line.cut;
  item.line = line;
  if (time.dateTime !== (line?.at ?? '')) {
    time.dateTime = line?.at ?? '';
    time.textContent = line?.at ? told(line.at) : '';
  }
  item.classList.toggle('goes-on', Boolean(line?.c));
  if (!same) text.replaceChildren(...(line ? pieces(line) : []));
}

function pieces({ t: text, cut }) {
  const nodes = typeof text === 'string' ? linked(text) : text.flatMap(([piece, style]) => (style ? [coloured(piece, style)] : linked(piece)));
  if (!text) nodes.push(document.createElement('br')); // or a copy of the text would lack the empty line
  if (cut) nodes.push(document.createTextNode('…'));
  return nodes;
}

function linked(text) {
  const nodes = [];
  let done = 0;
  if (text.includes('://')) {
    for (const found of text.matchAll(LINK)) {
      const address = found[0].replace(END, '');
      const link = anchor(address);
      if (!link) continue;
      nodes.push(document.createTextNode(text.slice(done, found.index)), link);
      done = found.index + address.length;
    }
  }
  nodes.push(document.createTextNode(text.slice(done)));
  return nodes;
}

function anchor(address) {
  let url;
  try { url = new URL(address); } catch { return null; }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  const link = document.createElement('a');
  link.className = 'to';
  link.href = url.href;
  link.rel = 'noopener noreferrer';
  link.target = '_blank';
  link.textContent = address;
  return link;
}

function coloured(piece, style) {
  const span = document.createElement('span');
  let names = style.split(' ');
  if (names.includes('v')) { // inverse: what was text is ground, and the text is ink, which can be read on all of them
    const ground = { f: 'b', F: 'B', x: 'y', '#': '@' };
    const front = names.find(name => name.length > 1 && name[0] in ground), back = names.find(name => name.length > 1 && 'bBy@'.includes(name[0]));
    names = names.filter(name => name.length === 1 && name !== 'v');
    names.push(...(front ? [ground[front[0]] + front.slice(1)] : back ? [back] : ['v']));
  }
  for (const name of names) {
    if (NAMED.test(name)) span.classList.add(name);
    else paint(span, name);
  }
  span.append(...linked(piece));
  return span;
}

/** Colours that no class names. Exact text colours are drawn towards the ink, so that they can be read on any ground. */
function paint(span, name) {
  const [kind, rest] = [name[0], name.slice(1)];
  const colour = kind === '#' || kind === '@' ? (/^[0-9a-f]{6}$/.test(rest) ? `#${rest}` : '') : palette(Number(rest));
  if (!colour) return;
  if (kind === '@' || kind === 'y') {
    span.style.setProperty('background-color', `color-mix(in oklab, ${colour} 45%, var(--surface))`);
    span.classList.add('g');
  } else {
    span.style.setProperty('color', `color-mix(in oklab, ${colour} 55%, var(--ink))`);
  }
}

/** Entries 16 to 255 of the terminal palette: a cube of 6 by 6 by 6, then greys. */
function palette(entry) {
  if (!(entry >= 16 && entry <= 255)) return '';
  if (entry >= 232) { const grey = 8 + (entry - 232) * 10; return `rgb(${grey} ${grey} ${grey})`; }
  const step = value => (value ? 55 + value * 40 : 0), cube = entry - 16;
  return `rgb(${step(Math.floor(cube / 36))} ${step(Math.floor(cube / 6) % 6)} ${step(cube % 6)})`;
}
