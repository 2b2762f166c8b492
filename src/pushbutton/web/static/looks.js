// Whom a page tells first, and a letter only later: the page says that what came since it was opened was before their eyes.

const LOOK = 2000; // milliseconds
const told = () => document.querySelector('#run-state')?.textContent
  ?? [...document.querySelectorAll('details.needs')].map(one => one.id).join();

if (document.querySelector('#looks')) {
  let seen = told();
  setInterval(async () => {
    const now = told();
    if (document.hidden || now === seen) return;
    const before = seen;
    seen = now;
    try { await fetch(location.pathname); } catch { seen = before; } // the server notes who opens it
  }, LOOK);
}
