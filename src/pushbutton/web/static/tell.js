// Tell me in the browser: what somebody asked for under “Tell me when…” is fetched by any open tab when something has
// happened, and one of them tells it. What somebody awaits is kept in this browser: every open tab looks out for it, and
// one of them tells of its end. Without notifications, which need https, nothing of it is offered.

const MOST = 20; // runs that are awaited at once
const kept = `told:${document.body.dataset.user ?? ''}`;
const home = new URL('..', import.meta.url);
const OVER = ['succeeded', 'failed', 'cancelled', 'lost', 'skipped'];

const cursor = `told-since:${document.body.dataset.user ?? ''}`;
const SOON = 1_500; // ms from a sign that something happened until it is looked at: what comes together is one look
const SELDOM = 60_000; // ms until it is looked at without a sign

/** @returns {Record<string, string>} titles by the numbers of runs */
function awaited() {
  try { return JSON.parse(localStorage[kept] ?? '{}'); } catch { return {}; /* no storage */ }
}

function keep(runs) {
  try { localStorage[kept] = JSON.stringify(Object.fromEntries(Object.entries(runs).slice(-MOST))); } catch { /* no storage */ }
}

/**
 * @param {(topic: string, listener: (event: any) => void) => () => void} watch
 * @param {(what: string) => Promise<boolean>} first whether this tab is the first one that asks
 */
export function tellMe(watch, first) {
  if (!('Notification' in window) || !window.isSecureContext) return;
  /** @type {Map<string, () => void>} */ const followed = new Map();

  const follow = () => {
    const runs = awaited();
    for (const [number, end] of followed) if (!(number in runs)) { end(); followed.delete(number); }
    for (const number of Object.keys(runs)) {
      if (followed.has(number)) continue;
      followed.set(number, watch(`run:${number}`, event => { if (event.kind === 'state' && OVER.includes(event.data.state)) over(number); }));
      over(number); // it may have ended while no page was open
    }
  };

  const over = async number => {
    const answer = await fetch(new URL(`api/runs/${number}`, home)).catch(() => null);
    const run = answer?.ok ? await answer.json() : null, gone = answer?.status === 404, runs = awaited();
    if (!(number in runs) || !(gone || run?.over)) return;
    const title = runs[number];
    delete runs[number];
    if (run?.next) runs[run.next] = title; // it is tried again
    keep(runs);
    follow();
    if (run && !run.next && await first(`over:${number}`)) {
      const note = new Notification(title, { body: run.reason || run.status, tag: `run-${number}` });
      note.onclick = () => { window.open(new URL(`runs/${number}`, home)); note.close(); };
    }
  };

  const tell = document.querySelector('#tell'), box = tell?.querySelector('input');
  if (tell) {
    tell.hidden = false;
    box.checked = tell.dataset.run in awaited() && Notification.permission === 'granted';
    box.addEventListener('change', async () => {
      const runs = awaited();
      delete runs[tell.dataset.run];
      // Asked only where it has to be: an answer takes a moment, in which the page may go.
      const denied = box.checked && Notification.permission !== 'granted' && await Notification.requestPermission() !== 'granted';
      if (denied) box.checked = false;
      document.querySelector('#denied').hidden = !denied;
      keep(box.checked ? { ...runs, [tell.dataset.run]: tell.dataset.title } : runs);
      follow();
    });
  }
  addEventListener('storage', event => { if (event.key === kept) follow(); });
  follow();
}

/**
 * What the reader asked to be told in the browser.
 * @param {(what: string) => Promise<boolean>} first whether this tab is the first one that asks
 */
export function tellWishes(first) {
  const can = 'Notification' in window && window.isSecureContext;
  permission(can);
  if (!can) return;
  for (const box of document.querySelectorAll('.matrix input[name=browser]')) box.addEventListener('change', async () => {
    if (box.checked && Notification.permission === 'default') await Notification.requestPermission();
    permission(can);
  });
  if (!document.body.dataset.tells) return;
  let waiting = 0;

  const look = async () => {
    waiting = 0;
    if (Notification.permission !== 'granted') return;
    const from = since();
    const answer = await fetch(new URL(`api/told?since=${from}`, home)).catch(() => null);
    if (!answer?.ok) return;
    const found = await answer.json();
    if (since() === from) remember(found.since);
    for (const one of found.told) if (await first(`told:${one.event}`)) tell(one);
  };
  document.addEventListener('news', () => { waiting ||= setTimeout(look, SOON); });
  setInterval(look, SELDOM);
  look();
}

function tell(one) {
  const note = new Notification(one.title, { tag: `told-${one.event}` });
  note.onclick = () => { window.open(new URL(one.run ? `runs/${one.run}` : `tasks/${one.task}`, home)); note.close(); };
}

/** The last event that was looked at: of what was before the first page nothing is told. */
function since() {
  try { return Number(localStorage[cursor] ?? (localStorage[cursor] = document.body.dataset.since)); } catch { return Number(document.body.dataset.since); /* no storage */ }
}

function remember(event) {
  try { localStorage[cursor] = event; } catch { document.body.dataset.since = event; /* no storage */ }
}

/** On the page of one's account: whether this browser lets us tell. */
function permission(can) {
  const found = can ? Notification.permission : 'none';
  for (const one of document.querySelectorAll('#in-browser [data-permission]')) one.hidden = one.dataset.permission !== found;
}
