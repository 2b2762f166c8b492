// Puts parts of a page that the server has rendered anew into the page, by id, changing only what is different: focus,
// selection, scroll, what is typed and what is folded out stay as they are.

/** @type {Map<string, string>} what was put in last */
const shown = new Map();

/** @param {Record<string, string>} fragments element id to outer HTML */
export function apply(fragments) {
  const active = document.activeElement;
  for (const [id, html] of Object.entries(fragments)) {
    const old = document.getElementById(id);
    if (!old || shown.get(id) === html) continue;
    shown.set(id, html);
    const template = document.createElement('template');
    template.innerHTML = html; // the server's own, escaped there
    if (template.content.firstElementChild) morph(old, template.content.firstElementChild);
  }
  // What had the focus is gone: start from the page's content, not from the very top.
  if (active && !active.isConnected) document.getElementById('main')?.focus({ preventScroll: true });
}

/** @param {Node} old @param {Node} fresh */
export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName || old.id !== fresh.id) { old.replaceWith(fresh); return; }
  if (!(old instanceof Element)) { old.data = fresh.data; return; }
  if (old.hasAttribute('data-keep')) return; // somebody else looks after it
  if (old === document.activeElement && old.matches('input, textarea, select')) return;
  if (old.nodeName === 'TIME' && old.dateTime === fresh.dateTime) return; // the page tells it in the reader's zone
  attributes(old, fresh);
  children(old, fresh);
}

function attributes(old, fresh) {
  if (old.hidden && !fresh.hidden && 'open' in old) old.open = fresh.hasAttribute('open') && !(document.documentElement.dataset.ready === 'narrow' && old.matches('.side'));
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (name === 'open' || old.getAttribute(name) === value) continue;
    // A guess goes on in the page between two patches; it never turns back.
    if (name === 'value' && old.matches('progress[data-usual]') && fresh.hasAttribute('data-usual') && old.value > Number(value)) continue;
    old.setAttribute(name, value);
  }
}

function children(old, fresh) {
  const had = [...old.childNodes], come = [...fresh.childNodes];
  if (old.reversed && had.length && come.length > had.length) old.prepend(...come.splice(0, come.length - had.length)); // newest first
  let at = old.reversed ? had[0] ?? null : old.firstChild;
  for (const next of come) {
    const match = next.id ? had.find(node => node.id === next.id) : at && !at.id && at.nodeName === next.nodeName ? at : null;
    if (!match) { old.insertBefore(next, at); continue; }
    if (match === at) at = at.nextSibling; else old.insertBefore(match, at);
    morph(match, next);
  }
  while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
}
