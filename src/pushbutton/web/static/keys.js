// The keyboard map. Nothing while somebody types, nothing with a modifier, nothing that starts or stops a run.
// A key that belongs to a part of the page goes to the element that names it in aria-keyshortcuts.

const typing = element => element.closest?.('input, textarea, select, [contenteditable]');
let lead = 0; // when "g" was pressed

function toOutput() {
  const out = document.getElementById('out');
  if (!out) return false;
  out.open = true;
  delete out.dataset.glance;
  out.scrollIntoView({ block: 'start' });
  (out.querySelector('.log') ?? out.querySelector('summary')).focus({ preventScroll: true });
  return true;
}

function showKeys() {
  const dialog = document.getElementById('keys');
  if (!dialog.open) dialog.showModal();
  return true;
}

function part(key) {
  const element = [...document.querySelectorAll(`[aria-keyshortcuts~="${CSS.escape(key)}"]`)].find(one => one.checkVisibility());
  if (!element) return false;
  if (element.matches('input')) { element.focus(); element.select(); } else element.click();
  return true;
}

addEventListener('keydown', event => {
  if (document.body.dataset.keys === 'off' || event.defaultPrevented || event.isComposing) return;
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector('dialog[open]')) return;
  const after = Date.now() - lead < 1200;
  lead = 0;
  const there = { t: '../', h: '../history', s: '../schedules', i: '../inbox' }[event.key];
  if (after && there) {
    location.assign(new URL(there, import.meta.url));
    event.preventDefault();
    return;
  }
  if (event.key === 'g') { lead = Date.now(); return; }
  const done = event.key === '?' ? showKeys() : event.key === 'o' ? toOutput() : /^[/fwnN:]$/.test(event.key) && part(event.key);
  if (done) event.preventDefault();
});

addEventListener('keydown', event => { // also while somebody types
  if (document.body.dataset.keys === 'off' || event.isComposing || event.altKey || event.shiftKey) return;
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'k' || document.querySelector('dialog[open]')) return;
  const way = document.querySelector('.top .find');
  if (!way) return;
  event.preventDefault();
  way.click();
});
