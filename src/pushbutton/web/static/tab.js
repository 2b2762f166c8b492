// What a tab says while another one is in front. The server writes its title and its picture, and puts new ones in as
// they come; here is what only the page knows: the reader's zone, the number in the header, that the connection is lost.

const one = selector => document.querySelector(selector);
const language = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const offline = one('#offline'), waiting = one('#inbox');
let before = null; // title and picture from when the connection was lost

function say(text) {
  if (document.title !== text) document.title = text;
}

function tellMoment() {
  const moment = one('#title')?.dataset.moment;
  if (moment) say(document.title.replace(/\d\d:\d\d/, clock.format(new Date(moment))));
}

function tellWaiting() {
  const count = waiting.querySelector('b')?.firstChild.data.trim(), rest = document.title.replace(/^\(\d+\+?\) /, '');
  say(count ? `(${count}) ${rest}` : rest);
}

function tellConnection() {
  const lost = !offline.hidden, picture = one('#tab');
  if (lost === (before !== null)) return;
  if (lost) {
    before = { title: document.title, picture: picture.href };
    say(`${offline.dataset.title} · ${one('main h1')?.textContent ?? 'Pushbutton'}`);
    picture.href = offline.dataset.picture;
  } else {
    say(before.title);
    picture.href = before.picture;
    before = null;
  }
}

new MutationObserver(tellMoment).observe(document.head, { childList: true, subtree: true, characterData: true });
tellMoment();
if (waiting && !one('#run-state')) new MutationObserver(tellWaiting).observe(waiting, { childList: true, subtree: true, characterData: true });
if (offline) new MutationObserver(tellConnection).observe(offline, { attributeFilter: ['hidden'] });
