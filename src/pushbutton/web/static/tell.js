// Tell me in the browser: what somebody awaits is kept in this browser, every open tab looks out for it, and one of them
// tells of its end. Without notifications, which need https, nothing of it is offered.

const MOST = 20; // runs that are awaited at once
const kept = `told:${document.body.dataset.user ?? ''}`;
const home = new URL('..', import.meta.url);
const OVER = ['succeeded', 'failed', 'cancelled', 'lost', 'skipped'];

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
