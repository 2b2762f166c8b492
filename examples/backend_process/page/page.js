// The page: one event stream says what was said and in which state the newest run is; the button presses.

const OVER = ['succeeded', 'failed', 'cancelled', 'lost', 'skipped'];
const button = document.querySelector('#run button');
const messages = document.querySelector('#messages');
const link = document.querySelector('#link');
let newest = 0; // the run that the button shows
let over = true;

const source = new EventSource('/stream');
source.onopen = () => (link.textContent = '');
source.onerror = () => (link.textContent = 'No connection; trying again…');
source.addEventListener('reset', () => { // another history: everything comes once more
  messages.replaceChildren();
  [newest, over] = [0, true];
});

source.addEventListener('status_event', ({ data }) => {
  const line = document.createElement('li');
  line.textContent = data;
  messages.append(line);
});

source.addEventListener('state', ({ data }) => {
  const [run, state] = [Number.parseInt(data), data.split(' ')[1]];
  // What happened before, told once more to a page that came late, does not change the button.
  if (run < newest || (run === newest && over && run)) return;
  [newest, over] = [run, !state || OVER.includes(state)];
  button.disabled = !over;
});

document.querySelector('#run').addEventListener('submit', async (event) => {
  event.preventDefault();
  button.disabled = true;
  const answer = await fetch('/run', { method: 'POST' }).catch(() => null);
  if (answer?.ok) return; // the stream says the rest
  link.textContent = 'That did not arrive; press once more.';
  button.disabled = false;
});
