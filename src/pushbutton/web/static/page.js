// What a page does beyond reading and forms. Everything here works without it too, only less comfortably.
// No live stream: that is live.js. Elements may be replaced while the page is open, so listeners sit on the document.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const language = document.documentElement.lang;
const home = new URL('..', import.meta.url).pathname; // of all pages: “/”, or where the server is mounted

// --- times, in the reader's zone

const skew = Date.parse(document.body.dataset.now) - Date.now() || 0; // the server's clock counts
const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const seconds = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const exact = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' });
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;

function took(whole) {
  whole = Math.max(0, Math.floor(whole));
  const [d, h, m, s] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  if (d) return `${new Intl.NumberFormat(language, { style: 'unit', unit: 'day', unitDisplay: 'long' }).format(d)}${h ? ` ${h} h` : ''}`;
  if (h) return `${h} h${m ? ` ${m} min` : ''}`;
  if (m) return `${m} min${s ? ` ${s} s` : ''}`;
  return `${s || 1} s`;
}

function rounded(value) {
  if (value < 15) return Math.max(1, Math.round(value));
  const step = value < 60 ? 5 : value < 300 ? 10 : 60;
  return Math.round(value / step) * step;
}

const day = (date, now) => {
  const midnight = d => new Date(d.getFullYear(), d.getMonth(), d.getDate());
  return Math.round((midnight(now) - midnight(date)) / 86400000);
};

function dayName(date, days, now) {
  const name = Math.abs(days) <= 1 ? relative.format(-days, 'day')
    : new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, { day: 'numeric', month: 'long', ...(date.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }) }).format(date);
  return name[0].toLocaleUpperCase(language) + name.slice(1);
}

// words around a time differ by language; the server's own text tells which: only its digits are replaced
function moment(element, date) {
  const text = element.dataset.text ??= element.textContent;
  return text.replace(/\d\d:\d\d(?!.*\d\d:\d\d)/, clock.format(date));
}

function age(date, now, element) {
  const past = (now - date) / 1000, days = day(date, now);
  if (past < 45) return element.dataset.text ??= element.textContent;
  if (past < 3300) return relative.format(-Math.max(1, Math.round(past / 60)), 'minute');
  if (days <= 0 || past < 18000) return relative.format(-Math.max(1, Math.round(past / 3600)), 'hour');
  if (days === 1) return `${relative.format(-1, 'day')}, ${clock.format(date)}`;
  return days < 7 ? relative.format(-days, 'day') : null;
}

const https = location.protocol === 'https:';
const zoneIs = `${https ? '__Secure-' : ''}zone=${encodeURIComponent(zone)}`;
const sameZone = document.cookie.split('; ').includes(zoneIs);

function tellTime(element) {
  const date = new Date(element.dateTime), now = new Date(Date.now() + skew);
  if (Number.isNaN(+date)) return;
  let text = null;
  switch (element.dataset.as) {
    case 'sofar': text = took((now - date) / 1000); break;
    case 'left': {
      const rest = (date - now) / 1000;
      text = rest < 0 ? element.dataset.over : rest < 8 ? element.dataset.few : element.dataset.about.replace('#', took(rounded(rest)));
      break;
    }
    case 'ago': text = age(date, now, element); break;
    case 'clock': text = clock.format(date); break;
    case 'second': text = seconds.format(date); break;
    case 'full': text = `${dayName(date, day(date, now), now)}, ${seconds.format(date)}`; break;
    case 'day': text = dayName(date, day(date, now), now); break;
    case 'moment': text = moment(element, date); break;
  }
  if (text !== null && element.textContent !== text) element.textContent = text;
  const title = exact.format(date);
  if (element.dataset.as && !['sofar', 'left'].includes(element.dataset.as) && element.title !== title) element.title = title;
}

function tellTimes() {
  const known = one('#offline')?.hidden ?? true; // what goes on is not known while nothing comes
  for (const time of all('time[data-as]')) if (known || !['sofar', 'left'].includes(time.dataset.as)) tellTime(time);
  if (!known) return;
  for (const bar of all('progress[data-usual]')) { // an estimate grows between two patches, and never shrinks
    const guess = Math.min(95, (Date.now() + skew - Date.parse(bar.dataset.from)) / 10 / bar.dataset.usual);
    if (guess > bar.value) bar.value = guess;
    const percent = one('[data-percent]', bar.parentElement);
    if (percent) percent.textContent = percent.textContent.replace(/\d+/, Math.floor(bar.value));
  }
}
if (zone && !sameZone) document.cookie = `${zoneIs}; path=${home}; max-age=31536000; samesite=lax${https ? '; secure' : ''}`;
tellTimes();
setInterval(tellTimes, 1000);

// --- one polite line for screen readers: what a run says, at most every five seconds

const say = one('#say');
let said = 0, waiting = 0;
export function announce(text) {
  clearTimeout(waiting);
  waiting = setTimeout(() => { said = Date.now(); if (say.textContent !== text) say.textContent = text; }, Math.max(0, said + 5000 - Date.now()));
}

// what is shown is the same for everybody: where a name stands alone, the one who reads is “You”
function tellYou() {
  const { user, you } = document.body.dataset;
  if (user) for (const name of all(`[data-actor="${CSS.escape(user)}"]`)) if (name.textContent !== you) name.textContent = you;
}
tellYou();

let heard = one('#h-say')?.textContent;
new MutationObserver(() => {
  all('time[data-as]').forEach(tellTime);
  tellYou();
  const now = one('#h-say')?.textContent;
  if (now && now !== heard) announce(heard = now);
  if (one('#run-state')?.dataset.over === 'yes') runIsOver();
}).observe(one('#main'), { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ['data-over', 'data-state'] });

// --- dialogs: a button with data-ask opens one, and the safe button in it has the focus

let asked = null;
document.addEventListener('click', event => {
  const button = event.target.closest?.('[data-ask], [data-close], [aria-disabled=true]');
  if (!button) return;
  if (button.matches('[aria-disabled=true]')) { event.preventDefault(); return; }
  if (button.matches('[data-close]')) { button.closest('dialog').close(); return; }
  const dialog = document.getElementById(button.dataset.ask);
  if (!dialog) return;
  event.preventDefault();
  if (!dialog.dispatchEvent(new Event('ask', { cancelable: true }))) return; // who knows better may say no
  asked = button;
  dialog.showModal();
});
for (const dialog of all('dialog')) {
  dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });
  // Heard a moment after the closing: what has taken the focus since then, as an answer does, keeps it.
  dialog.addEventListener('close', () => { if (asked?.isConnected && [null, document.body].includes(document.activeElement)) asked.focus(); });
}

// --- on a phone what stands aside is folded, until somebody unfolds it

const phone = matchMedia('(max-width: 860px)'), sides = new Set(); // as in the stylesheet
function foldSides() {
  if (phone.matches) for (const side of all('details.side[open]')) { sides.add(side); side.open = false; }
  else for (const side of sides) { sides.delete(side); side.open = true; }
  document.documentElement.dataset.ready = phone.matches ? 'narrow' : 'wide'; // what is drawn later looks here
}
foldSides();
phone.addEventListener('change', foldSides);

// --- who asks for the output gets it open

document.addEventListener('click', event => {
  const link = event.target.closest?.('a[href="#out"], a[href^="#L"]'), out = one('#out');
  if (!link || !out || out.contains(link)) return;
  out.open = true;
  delete out.dataset.glance;
  if (link.hash === location.hash) dispatchEvent(new Event('hashchange')); // they were led there, and have gone elsewhere
});

// --- copy a link, or what the button holds

document.addEventListener('click', async event => {
  const button = event.target.closest?.('[data-copy]');
  if (!button) return;
  const label = one('.l', button), was = label.textContent, link = button.dataset.text ?? ('filled' in button.dataset ? filledIn() : 'view' in button.dataset ? location.href : location.origin + location.pathname);
  try {
    await navigator.clipboard.writeText(link);
  } catch { // no clipboard on plain http: select it by hand
    prompt(button.dataset.copy, link);
    return;
  }
  label.textContent = button.dataset.done;
  say.textContent = button.dataset.done;
  setTimeout(() => { label.textContent = was; }, 1600);
});

function filledIn() { // the address of this form with what stands in it now, but for secrets and files
  const address = new URL(location.origin + location.pathname);
  for (const input of one('#go').elements) {
    if (!input.name.startsWith('in-') || input.disabled || ['password', 'file', 'submit'].includes(input.type)) continue;
    const name = input.name.slice(3);
    if (input.type === 'checkbox' && input.value === 'true') address.searchParams.append(name, input.checked);
    else if (input.checked ?? true) address.searchParams.append(name, input.value);
  }
  return address.href;
}

// --- what came by the stream is for everybody, so its forms lack this page's own token

const token = () => one('meta[name=csrf]')?.content ?? ''; // another one after somebody signed in again
document.addEventListener('submit', event => {
  const form = event.target, csrf = token();
  if (!csrf || form.getAttribute('method') !== 'post') return;
  let field = one('input[name=csrf]', form);
  if (!field) {
    field = Object.assign(document.createElement('input'), { type: 'hidden', name: 'csrf' });
    form.append(field);
  }
  field.value = csrf;
}, true);

// --- settings: the appearance changes at once

one('#settings')?.addEventListener('change', event => {
  if (event.target.name !== 'theme') return;
  const theme = event.target.value;
  if (theme === 'auto') delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = theme;
  one('meta[name=color-scheme]').content = theme === 'auto' ? 'light dark' : theme;
  fetch(`${home}theme`, { method: 'POST', body: new URLSearchParams({ theme, back: home, csrf: token() }), redirect: 'manual' });
});

one('#settings')?.addEventListener('submit', event => { // filters change the address without another page
  one('[name=back]', event.target).value = location.pathname + location.search;
});

// --- kept tasks: the star turns at once, the card moves with the next visit

document.addEventListener('submit', event => {
  const form = event.target.closest('.pin-form');
  if (!form) return;
  event.preventDefault();
  const pin = one('.pin', form), keep = pin.value;
  pin.ariaPressed = String(keep === '1');
  pin.value = keep === '1' ? '0' : '1';
  const body = new URLSearchParams(new FormData(form));
  body.set('keep', keep);
  fetch(form.getAttribute('action'), { method: 'POST', body, redirect: 'manual' });
});

// --- find a task while typing: in the page where it holds all tasks, else the server does it

const parsed = async address => new DOMParser().parseFromString(await (await fetch(address)).text(), 'text/html');
const fold = text => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('ß', 'ss');
const search = one('#find input');
const listed = () => all('#found .task h3 a').filter(link => link.checkVisibility());
if (search && one('#found')) {
  let waiting = 0, newest = 0, asking = 0, answered = Promise.resolve();
  const ask = async () => {
    asking += 1;
    const mine = ++newest, page = await parsed(location.href).catch(() => null); // no connection: it stays as it is
    asking -= 1;
    if (!page || mine !== newest) return;
    for (const id of ['groups', 'recent', 'found', 'none']) {
      const old = one(`#${id}`), fresh = one(`#${id}`, page);
      if (old && fresh) old.replaceWith(fresh);
    }
    foldAgain();
    document.body.dataset.topics = page.body.dataset.topics;
    document.dispatchEvent(new Event('topics'));
    if (!one('#none').hidden) announce(one('#none h2')?.textContent ?? '');
  };
  const later = wait => {
    clearTimeout(waiting);
    answered = new Promise(done => { waiting = setTimeout(() => ask().finally(done), wait); });
  };
  const narrow = query => {
    const words = fold(query).split(/\s+/).filter(Boolean), counts = new Map();
    let count = 0;
    for (const card of all('#found .task')) {
      card.hidden = !words.every(word => card.dataset.words.includes(word));
      if (card.hidden) continue;
      count += 1;
      counts.set(card.dataset.group, (counts.get(card.dataset.group) ?? 0) + 1);
    }
    for (const group of all('#found .group')) {
      group.hidden = !one('.task:not([hidden])', group);
      if (group.matches('details')) group.open = words.length > 0 || !folded.has(group.dataset.name);
      const number = one('h2 .n', group);
      if (number) number.textContent = all('.task:not([hidden])', group).length;
    }
    for (const chip of all('#groups .chip')) {
      one('b', chip).textContent = 'all' in chip.dataset ? count : counts.get(chip.dataset.name) ?? 0;
      const address = new URL(chip.href);
      if (query) address.searchParams.set('q', query); else address.searchParams.delete('q');
      chip.href = address;
    }
    one('#none').hidden = count > 0;
    if (!count) later(250); else clearTimeout(waiting); // the server knows the nearest word
  };
  search.addEventListener('input', () => {
    const query = search.value.trim(), address = new URL(location.href);
    if (query) address.searchParams.set('q', query); else address.searchParams.delete('q');
    address.searchParams.delete('page');
    if (!one('#find [name=group]')) address.searchParams.delete('group'); // of many tasks, a search is over all groups
    history.replaceState(history.state, '', address);
    newest += 1; // what was asked before is not wanted any more
    if (one('#found[data-whole]')) narrow(query); else later(asking ? 60 : 0); // at once; who types on while it is answered, a little later
  });
  one('#find').addEventListener('submit', async event => {
    event.preventDefault();
    if (!search.value.trim()) return;
    await answered;
    listed()[0]?.click();
  });
}

// --- go to a task, a run, a person, a page: the server's page for it, in a dialog

const palette = one('#palette');
if (palette) {
  const field = one('input', palette), places = one('.places', palette), form = one('form', palette);
  let waiting = 0, newest = 0, answered = Promise.resolve();
  const ask = async () => {
    const mine = ++newest, page = await parsed(`${form.action}?q=${encodeURIComponent(field.value.trim())}`).catch(() => null);
    if (page && mine === newest) places.replaceChildren(...one('main .places', page)?.childNodes ?? []);
  };
  palette.addEventListener('ask', () => {
    field.value = '';
    places.replaceChildren();
    answered = ask();
  });
  field.addEventListener('input', () => {
    clearTimeout(waiting);
    newest += 1;
    answered = new Promise(done => { waiting = setTimeout(() => ask().finally(done), 20); });
  });
  form.addEventListener('submit', async event => {
    event.preventDefault();
    await answered;
    one('a', places)?.click();
  });
}

// --- arrow keys, from a search through what was found

document.addEventListener('keydown', event => {
  if (!/^Arrow(Up|Down)$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const going = palette?.open, field = going ? one('input', palette) : search;
  const inside = event.target === field || event.target.closest?.(going ? '#palette .places' : '#found .task');
  const links = !inside ? [] : going ? all('#palette .places a') : listed();
  const at = links.indexOf(event.target), next = at + (event.key === 'ArrowDown' ? 1 : -1);
  if (!links.length || next < -1 || (at < 0 && next < 0)) return;
  event.preventDefault();
  (next < 0 ? field : links[next])?.focus();
});

// --- groups that were folded stay so in this browser

const folded = new Set();
try { for (const name of JSON.parse(localStorage.folded ?? '[]')) folded.add(name); } catch { /* no storage */ }
function foldAgain() {
  for (const group of all('#found[data-whole] details.group')) group.open = !folded.has(group.dataset.name);
}
foldAgain();
document.addEventListener('toggle', event => {
  const group = event.target;
  if (!group.matches?.('#found[data-whole] details.group') || search?.value.trim()) return;
  if (group.open) folded.delete(group.dataset.name); else folded.add(group.dataset.name);
  try { localStorage.folded = JSON.stringify([...folded]); } catch { /* no storage */ }
}, true);

// --- the filters of history and audit trail act when they are changed

const filters = one('#filters');
if (filters) {
  let asking = 0, newest = 0;
  const show = async () => {
    const query = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value)), mine = ++newest;
    const address = `${filters.action}${query.size ? `?${query}` : ''}`;
    const fresh = one('#results', await parsed(address));
    if (mine !== newest || !fresh) return;
    one('#results').replaceWith(fresh);
    history.replaceState(history.state, '', address);
    tellTimes();
    announce(one('.foot-line span, h2', fresh)?.textContent.split('·')[0].trim() ?? '');
  };
  const go = async () => { // Enter behind a run's number leads to it
    await show();
    one('#jump')?.click();
  };
  filters.addEventListener('change', event => { if (event.target.matches('select, [type=date], [type=checkbox]')) show(); });
  filters.addEventListener('input', event => { if (event.target.matches('[type=search]')) { clearTimeout(asking); asking = setTimeout(show, 300); } });
  filters.addEventListener('submit', event => { event.preventDefault(); clearTimeout(asking); go(); });
}

// --- the end of the run that the page shows

let over = one('#run-state')?.dataset.over === 'yes';
function runIsOver() {
  if (over) return;
  over = true;
  const stop = one('#stop');
  if (stop?.open) stop.close();
}
