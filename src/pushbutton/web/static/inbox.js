// The inbox: what waits is open one at a time, each with its plan, and is decided in place. Without this a link and a form
// do the same, with a page each.

import { apply, morph } from './morph.js';

const LOOK = 2000; // milliseconds between two looks at a plan that is being made
const parser = new DOMParser();
const aside = new WeakMap(); // what stood in one that was closed: only one form at a time, and what was typed stays

async function page(address, sent) {
  const answer = await fetch(address, sent);
  return { ok: answer.ok, fresh: parser.parseFromString(await answer.text(), 'text/html') };
}

function close(place) {
  if (!place.querySelector('#verdict')) return;
  const kept = document.createDocumentFragment();
  kept.append(...place.childNodes);
  aside.set(place, kept);
}

async function open(needs) {
  const place = needs.querySelector('.deciding');
  for (const other of document.querySelectorAll('.deciding')) if (other !== place) close(other);
  if (place.querySelector('#verdict')) return;
  if (aside.has(place)) { place.replaceChildren(aside.get(place)); aside.delete(place); return; }
  try {
    const found = (await page(place.dataset.from)).fresh.getElementById(place.id);
    if (!needs.open || !found) return;
    place.setAttribute('data-keep', ''); // what comes live leaves it alone
    place.replaceChildren(...found.childNodes);
  } catch { /* no connection: the link that stands there leads to it */ }
}

document.addEventListener('toggle', event => {
  if (!event.target.matches?.('details.needs')) return;
  if (event.target.open) open(event.target); else close(event.target.querySelector('.deciding'));
}, true);

document.addEventListener('submit', async event => {
  const form = event.target, needs = form.closest?.('details.needs');
  if (!needs) return;
  event.preventDefault();
  const address = event.submitter?.getAttribute('formaction') ?? form.action;
  try {
    const { ok, fresh } = await page(address, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
    const again = fresh.querySelector('#verdict');
    if (!ok && again) { form.replaceWith(again); again.querySelector('#problems')?.focus(); return; }
    if (ok) await next();
    else location.assign(needs.querySelector('.deciding').dataset.from);
  } catch { location.assign(needs.querySelector('.deciding').dataset.from); }
});

/** What is left: the next one stands open, and has the focus. */
async function next() {
  const { fresh } = await page(location.pathname);
  const parts = ['approvals', 'decided', 'inbox'].map(id => [id, fresh.getElementById(id)?.outerHTML]);
  apply(Object.fromEntries(parts.filter(([, html]) => html)));
  const first = document.querySelector('details.needs');
  if (first) { first.open = true; first.querySelector('summary').focus(); } else document.getElementById('main')?.focus();
}

setInterval(async () => {
  const plan = document.querySelector('details.needs[open] #run-plan');
  if (!plan?.querySelector('.note[data-state=waiting]') || document.hidden) return;
  try {
    const found = (await page(plan.closest('.deciding').dataset.from)).fresh.getElementById('run-plan');
    if (found && plan.isConnected) morph(plan, found);
  } catch { /* later */ }
}, LOOK);
