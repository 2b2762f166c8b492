// The page's end of the live stream: parts that change are put in as they come, and the reader knows when they do not.

import { apply, morph } from './morph.js';
import { tellMe, tellWishes } from './tell.js';

const SILENCE = 3_000; // ms without a connection before it is worth a word
const HERE = 20_000; // ms between two signs of life
const TYPING = 1_500; // ms after the last key until what was found is followed
const AGAIN = 2_000; // ms until the next attempt to load what is missing
const one = selector => document.querySelector(selector);
const language = document.documentElement.lang;

/** @type {Map<string, (data: any) => void>} */
const heard = new Map();
let port = null, quiet = 0, inPage = false;
let version = document.body.dataset.version;
const since = Number(document.body.dataset.since);
const rendered = Date.parse(document.body.dataset.now) || Date.now();

/**
 * Hear a topic from now on.
 * @param {string} topic @param {(data: any) => void} listener
 * @returns {() => void} ends it
 */
export function watch(topic, listener) {
  heard.set(topic, listener);
  here();
  return () => { if (heard.get(topic) === listener) { heard.delete(topic); here(); } };
}

function here() {
  if (port && !(inPage && document.hidden)) port.postMessage({ topics: [...heard.keys()], since });
}

/** @type {Map<string, (yours: boolean) => void>} */
const asked = new Map();

/** Of all tabs that ask the same, one hears yes. */
function first(what) {
  return new Promise(answer => {
    asked.set(what, answer);
    if (port) port.postMessage({ first: what }); else answer(true);
  });
}

function leave() {
  port?.postMessage({ bye: true });
}

function hear({ data: said }) {
  if (said.kind === 'frame') { heard.get(said.topic)?.(said.data); document.dispatchEvent(new Event('news')); }
  else if (said.kind === 'link') link(said.live, said.last, said.ended);
  else if (said.kind === 'reset') refetch();
  else if (said.kind === 'first') { asked.get(said.what)?.(said.yours); asked.delete(said.what); }
  else if (said.kind === 'hello') {
    version ||= said.version;
    const updated = one('#updated');
    if (updated) updated.hidden = said.version === version;
  }
}

// --- connection lost, and back

const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

function link(live, last, over = false) {
  const banner = one('#offline'), ended = one('#ended');
  if (ended && live && !ended.hidden) signedIn();
  if (ended) ended.hidden = !over;
  if (!banner) return;
  if (live || over) { clearTimeout(quiet); quiet = 0; banner.hidden = true; return; }
  quiet ||= setTimeout(() => {
    const time = one('#offline-since'), from = new Date(Math.max(last, rendered));
    time.dateTime = from.toISOString();
    time.textContent = clock.format(from);
    banner.hidden = false;
  }, SILENCE);
}

/** What this page shows does not lead up to what follows: fetch it once more. */
async function refetch() {
  const page = await anew();
  if (!page) return;
  put(page, '#main');
  document.body.dataset.topics = page.body.dataset.topics;
  follow();
}

/** Somebody signed in again in another tab: a form here is sent with the token of today, and keeps what was typed. */
async function signedIn() {
  const page = await anew();
  if (!page) return;
  const token = page.querySelector('meta[name=csrf]')?.content ?? '';
  one('meta[name=csrf]')?.setAttribute('content', token);
  for (const field of document.querySelectorAll('input[name=csrf]')) field.value = token;
  put(page, 'header.top');
  if (!one('#go')) put(page, '#main');
}

/** A task came, went or changed: the page is fetched anew, unless somebody fills in a form or searches right now. */
function renew() {
  if (one('#go')) return;
  const search = one('#find input');
  if (search?.value.trim()) search.addEventListener('input', renew, { once: true });
  else if (search) refetch();
  else location.reload(); // nothing is typed, and what a script does for forms and searches begins with the page
}

async function anew() {
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' }, cache: 'no-store' });
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), 'text/html') : null;
  } catch { /* no connection: the stream says so */
    return null;
  }
}

function put(page, selector) {
  const old = one(selector), fresh = page.querySelector(selector);
  if (old && fresh) morph(old, document.adoptNode(fresh));
}

// --- one hub for all tabs, or one of our own

/** The same code in every tab has the same hub; another version of it has another. */
const hubUrl = new URL(`./hub.js?v=${encodeURIComponent(`${version}${new URL(import.meta.url).searchParams.get('v') ?? ''}`)}`, import.meta.url);

function connect() {
  if (!('SharedWorker' in window)) return alone();
  try {
    const worker = new SharedWorker(hubUrl, { type: 'module', name: 'pushbutton' });
    worker.onerror = () => alone(); // a browser that knows no modules in workers
    use(worker.port);
  } catch {
    alone();
  }
}

async function alone() {
  if (inPage) return;
  inPage = true;
  try {
    const { Hub } = await import(hubUrl.href);
    const channel = new MessageChannel();
    new Hub().attach(channel.port1);
    use(channel.port2);
  } catch { // the server has gone since it gave us the page
    inPage = false;
    link(false, 0);
    setTimeout(connect, AGAIN);
  }
}

function use(other) {
  port = other;
  port.onmessage = hear;
  here();
}

/** What the page shows by now may be followed by another topic than what it began with. */
function follow() {
  for (const topic of followed) heard.delete(topic);
  followed = [];
  for (const topic of (document.body.dataset.topics ?? '').split(' ')) {
    const [board, rest] = [topic.split(':')[0], topic.slice(topic.indexOf(':') + 1)];
    if (board !== 'patch') continue;
    followed.push(`patch:${language}:${rest}`);
    heard.set(followed.at(-1), data => {
      const mark = one('#catalogue')?.dataset.mark;
      apply(data.html);
      if (mark !== one('#catalogue')?.dataset.mark) renew();
    });
  }
  here();
}

let followed = [], searching = 0;
follow();
document.addEventListener('topics', () => { // once somebody has stopped typing
  clearTimeout(searching);
  searching = setTimeout(follow, TYPING);
});
const pill = `patch:${language}:now`;
if (one('#now') && !followed.some(topic => topic.startsWith(`patch:${language}:tasks`))) heard.set(pill, data => apply(data.html));
if (one('#inbox')) heard.set(`patch:${language}:inbox`, data => apply(data.html));
if (document.body.dataset.live !== 'no') { connect(); tellMe(watch, first); tellWishes(first); }

setInterval(here, HERE);
addEventListener('pagehide', leave);
addEventListener('pageshow', event => { if (event.persisted) here(); });
document.addEventListener('visibilitychange', () => { // a page that goes is hidden after it said goodbye
  if (document.hidden) { if (inPage) leave(); return; }
  here();
  if (one('#ended:not([hidden])')) port?.postMessage({ retry: true });
});
document.addEventListener('resume', here);
document.addEventListener('click', event => {
  if (event.target.closest?.('#retry')) port?.postMessage({ retry: true });
  if (event.target.closest?.('#reload')) location.reload();
});

// --- the output, once it is looked at

const box = one('.out .log'), out = box?.closest('details');
if (box && out) {
  const mount = async () => {
    if (!out.open || out.hasAttribute('data-keep')) return;
    out.setAttribute('data-keep', '');
    const log = await import('./log.js').catch(() => null);
    if (log) log.mount(box, watch);
    else { out.removeAttribute('data-keep'); setTimeout(mount, AGAIN); } // what the server rendered stays meanwhile
  };
  const linked = () => { if (/^#L\d/.test(location.hash)) out.open = true; };
  out.addEventListener('toggle', mount);
  addEventListener('hashchange', linked);
  linked();
  mount();
}
