// The form of a task: the button says what is chosen, complaints stand at their fields, nothing typed is lost, a double
// press is one press, uploads show how far they are. Without this file the form is sent and comes back as a page.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

const form = one('#go');

// Nothing is read through the form itself: fields of a form hide what is called like them.
const named = (name, root = form) => all(`[name="${name}"]`, root);
const inputsOf = (param, root = form) => named(`in-${param}`, root);

function standing(param) { // what stands in a field, as the page shows it; nothing for secrets
  const inputs = inputsOf(param);
  if (!inputs.length) return null;
  if (inputs[0].type === 'password') return inputs[0].value ? '•••' : '';
  if (inputs[0].type === 'file') return [...inputs[0].files].map(file => file.name).join(', ');
  if (inputs[0].tagName === 'SELECT') return inputs[0].value && inputs[0].selectedOptions[0].textContent.trim();
  if (inputs[0].dataset.label !== undefined || inputs[0].type === 'radio') return inputs.filter(input => input.checked && input.value).map(input => input.dataset.label).join(', ');
  if (inputs[0].type === 'checkbox') return inputs[0].checked ? form.dataset.yes : form.dataset.no;
  return inputs[0].value;
}

// What was filled in may come from a link of somebody else: what cannot be seen is shown, as the server shows it.
const UNSEEN = form && new RegExp(form.dataset.unseen, 'gu');
const escaped = letter => { const code = letter.codePointAt(0).toString(16); return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`; };
const visible = text => text.replace(UNSEEN, letter => '\n\t'.includes(letter) ? letter : escaped(letter)).replace(/^ +| +$| {2,}/g, blanks => '␣'.repeat(blanks.length));

function fill() { // "Deploy to {where}" follows what is chosen
  for (const element of all('[data-fill]')) {
    const when = element.closest('.push') && chosenMoment();
    element.textContent = (when ? `${when}: ` : '') + element.dataset.fill.replace(/\{([^{}]+)\}/g, (match, name) => { const text = standing(name); return text === null ? match : visible(text).replaceAll(/[\n\t]/g, ' ') || '…'; });
  }
}

function chosenMoment() { // what the button says of it, in the words and the zone in which it was chosen
  const chosen = one('[name="press-when"]:checked', form);
  if (!chosen || chosen.value === 'now') return '';
  if (chosen.value === 'every') return `${one('#schedule-often').selectedOptions[0].textContent}, ${one('#schedule-at').value}`;
  if (chosen.value !== 'other') return chosen.dataset.label;
  const at = new Date(one('#press-at').value);
  return Number.isNaN(+at) ? '…' : new Intl.DateTimeFormat(document.documentElement.lang === 'en' ? 'en-GB' : document.documentElement.lang, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}

function ask(form) { // what is asked only while other fields say so
  for (const field of all('[data-when]', form)) { // those that it depends on may stand behind it: look until nothing moves
    field.wanted ??= JSON.parse(field.dataset.when);
  }
  for (let moved = true, rounds = 0; moved && rounds < 20; rounds += 1) {
    moved = false;
    for (const field of all('[data-when]', form)) {
      const asked = Object.entries(field.wanted).every(([param, values]) => sent(form, param).some(value => values.includes(value)));
      if (asked === (field.dataset.off === undefined) && field.settled) continue;
      field.settled = moved = true;
      field.toggleAttribute('data-off', !asked);
      for (const input of all('input, select, textarea', field)) {
        input.disabled = !asked;
        if (input.dataset.need !== undefined) input.required = asked;
      }
    }
  }
}

function sent(form, param) { // what the form would send for a field, if it were sent now
  const inputs = inputsOf(param, form).filter(input => !input.disabled && input.type !== 'submit');
  const values = inputs.filter(input => !['radio', 'checkbox'].includes(input.type) || input.checked).map(input => input.value);
  return !values.length && inputs[0]?.type === 'checkbox' && inputs[0].value === 'true' ? ['false'] : values;
}

function repeatInputs(dialog) {
  const facts = one('#sure-facts', dialog);
  facts.replaceChildren(...all('[data-field]', form).flatMap(field => {
    const text = field.dataset.off === undefined && standing(field.dataset.field);
    if (!text) return [];
    const [row, term, value] = ['div', 'dt', 'dd'].map(tag => document.createElement(tag));
    term.textContent = titleOf(field);
    value.className = 'seen';
    value.textContent = visible(text.length > 300 ? `${text.slice(0, 300)}…` : text);
    row.append(term, value);
    return [row];
  }));
}

function sized(bytes) { // the same words as the server's
  const [unit, amount] = bytes < 999_500 ? ['kB', bytes / 1e3] : bytes < 999_500_000 ? ['MB', bytes / 1e6] : ['GB', bytes / 1e9];
  const digits = amount < 100 ? 1 : 0;
  return `${new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(amount)} ${unit}`;
}

function sentence(input) {
  const state = input.validity, words = form.dataset;
  if (state.valueMissing) return ['radio', 'checkbox'].includes(input.type) || input.tagName === 'SELECT' ? words.choose : words.required;
  if (input.dataset.number && input.value.trim()) return oddNumber(input);
  if (input.value && state.patternMismatch) return input.dataset.shape;
  const length = [...input.value].length, { shortest, longest } = input.dataset; // as the server counts: an emoji is one
  if (longest && length > longest) return words.long.replace('##', length).replace('#', longest);
  if (shortest && length && length < shortest) return words.short.replace('##', length).replace('#', shortest);
  if (state.rangeUnderflow) return words.low.replace('#', input.min);
  if (state.rangeOverflow) return words.high.replace('#', input.max);
  const most = input.dataset.most, size = input.files?.[0]?.size ?? 0;
  if (most && size > most) return input.dataset.tooBig.replace('#', sized(size));
  return state.valid ? '' : words.odd;
}

const NUMBER = /^[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?$/; // what the server reads

function oddNumber(input) {
  const { number, min, max } = input.dataset, words = form.dataset, text = input.value.trim();
  if (number === 'int' && !/^[+-]?[0-9]{1,100}$/.test(text)) return words.whole;
  if (!NUMBER.test(text) && number !== 'int') return /^[0-9]+,[0-9]+$/.test(text) ? words.point : words.number;
  if (min && Number(text) < Number(min)) return words.low.replace('#', min);
  return max && Number(text) > Number(max) ? words.high.replace('#', max) : '';
}

const bare = text => text.trim().replace(/\.$/, '');

function complain(field, text) {
  const wrong = one('.wrong', field), grouped = field.tagName === 'FIELDSET';
  const targets = grouped ? [field] : all('input, select, textarea', field);
  one('span', wrong).textContent = text;
  wrong.hidden = !text;
  const hint = one('.hint[id]', field); // a mistake may be told by the help's own sentence: once is enough
  if (hint) hint.hidden = Boolean(text) && bare(hint.textContent) === bare(text);
  for (const target of targets) {
    const ids = new Set((target.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean));
    if (text) { target.setAttribute('aria-invalid', 'true'); ids.add(wrong.id); } else { target.removeAttribute('aria-invalid'); ids.delete(wrong.id); }
    if (ids.size) target.setAttribute('aria-describedby', [...ids].join(' ')); else target.removeAttribute('aria-describedby');
  }
}

function checkForm() { // what can be seen here saves a way to the server; the server checks everything again
  const wrong = [];
  for (const field of all('[data-field]', form)) {
    const inputs = all('input, select, textarea', field);
    if (field.dataset.off !== undefined) { complain(field, ''); continue; }
    const text = inputs.map(sentence).find(Boolean) ?? '';
    complain(field, text);
    if (text) wrong.push([field, text, field.tagName === 'FIELDSET' ? field : inputs[0]]);
  }
  all('#problems').forEach(old => old.remove());
  if (wrong.length > 1) summarise(wrong);
  else if (wrong.length) into(wrong[0][2]);
  return !wrong.length;
}

function summarise(wrong) { // as the server does it: each mistake with a link to its field
  const note = one('#found').content.firstElementChild.cloneNode(true), count = one('[data-many]', note);
  count.textContent = count.dataset.many.replace('#', wrong.length);
  one('ul', note).replaceChildren(...wrong.map(([field, text, { id }]) => {
    const item = document.createElement('li'), link = document.createElement('a');
    link.href = `#${id}`;
    link.textContent = titleOf(field);
    item.append(link, `: ${text}`);
    return item;
  }));
  note.id = 'problems';
  form.before(note);
  focusProblem();
}

const into = target => (target.tagName === 'FIELDSET' ? one('input:not(.who-chooses *)', target) : target).focus();

function titleOf(field) { // as its label says it, without what stands in it beside the name
  const label = one('legend, label', field).cloneNode(true);
  all('.optional, span', label).forEach(part => part.remove());
  return label.textContent.trim();
}

// What was typed outlives a reload and a way back, which bring a page from the server that knows nothing of it. Files and
// secrets do not: nothing of them is kept.

const typed = () => all('input:not([type=hidden], [type=file], [type=password]), select, textarea', form).filter(input => input.name);

function keepTyped() {
  try { sessionStorage[`typed ${location.pathname}`] = JSON.stringify(typed().map(input => [input.name, input.checked ?? null, input.value])); } catch { /* no storage */ }
}

function bringTyped() {
  let kept = [];
  try { kept = JSON.parse(sessionStorage[`typed ${location.pathname}`] ?? '[]'); } catch { /* no storage */ }
  const fields = typed();
  if (kept.length !== fields.length || kept.some(([name], n) => fields[n].name !== name)) return; // another form by now
  kept.forEach(([, checked, value], n) => {
    const tick = ['radio', 'checkbox'].includes(fields[n].type);
    if (tick && fields[n].value === value) fields[n].checked = checked;
    else if (!tick && (fields[n].tagName !== 'SELECT' || [...fields[n].options].some(option => option.value === value))) fields[n].value = value;
  });
  const why = one('#press-why');
  if (why.value) why.closest('details')?.setAttribute('open', '');
  if (chosenMoment()) one('.later').open = true;
}

function cameBack() { // by a reload, by a way back, or from the sign-in page that the session's end led to
  const signedIn = sessionStorage['typed again'] === location.pathname;
  if (signedIn) delete sessionStorage['typed again'];
  return signedIn || ['reload', 'back_forward'].includes(performance.getEntriesByType('navigation')[0]?.type);
}

let returned = false;
try { returned = cameBack(); } catch { /* no storage */ }

if (form) {
  form.noValidate = true;
  addEventListener('pagehide', keepTyped);
  one('#come-back')?.addEventListener('click', () => { try { sessionStorage['typed again'] = location.pathname; } catch { /* no storage */ } });
  if (returned && !one('#problems, #faster')) bringTyped(); // after a refusal the server knows what was typed
  ask(form);
  fill();
  form.addEventListener('input', event => { // not on change: what moves when a field is left takes the click off the button
    ask(form);
    fill();
    const field = event.target.closest('[data-field]');
    if (field && one('.wrong:not([hidden])', field)) complain(field, all('input, select, textarea', field).map(sentence).find(Boolean) ?? '');
  });
  one('#sure')?.addEventListener('ask', event => { if (checkForm()) repeatInputs(event.target); else event.preventDefault(); });
  form.addEventListener('submit', event => {
    if (event.submitter?.hasAttribute('formaction')) return; // not a press
    event.preventDefault();
    one('#sure')?.close();
    if (form.dataset.busy || !checkForm()) return;
    send(new FormData(form, event.submitter));
  });
  addEventListener('pageshow', event => { // back from the run's page: the same form again is another press
    if (!event.persisted && performance.getEntriesByType('navigation')[0]?.type !== 'back_forward') return;
    named('press-key')[0].value = [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
    busy(false);
    ask(form);
    fill();
  });
}

for (const other of all('#hand-over')) { // the same fields, for a link
  ask(other);
  other.addEventListener('input', event => {
    ask(other);
    const how = event.target.name.startsWith('in-') && one('.who-chooses [value=yes]', event.target.closest('.fix'));
    if (how) how.checked = true; // what is filled in here is meant: it can still be left to them
  });
}

function busy(on) {
  const button = one('.gobar .push', form), label = one('span', button);
  if (on) form.dataset.busy = 'yes'; else delete form.dataset.busy;
  for (const either of all('.gobar button', form)) either.setAttribute('aria-disabled', String(on));
  label.textContent = on ? form.dataset.sending : label.textContent;
  if (!on) fill();
}

function send(data) {
  const request = new XMLHttpRequest(), bars = all('input[type=file]', form).filter(input => input.files.length).map(input => one('progress', input.parentElement));
  busy(true);
  request.open('POST', form.getAttribute('action'));
  request.setRequestHeader('Accept', 'application/json, text/html');
  request.upload.onprogress = event => { for (const bar of bars) { bar.hidden = false; bar.value = 100 * event.loaded / event.total; } };
  request.onload = () => {
    for (const bar of bars) bar.hidden = true;
    let go = '';
    try { go = JSON.parse(request.responseText).go ?? ''; } catch { /* a page */ }
    if (go) { location.assign(go); return; }
    busy(false);
    if (request.status === 401 && one('#ended')) { signedOut(); return; }
    refused(new DOMParser().parseFromString(request.responseText, 'text/html'), request.status);
  };
  request.onerror = () => { busy(false); for (const bar of bars) bar.hidden = true; trouble(form.dataset.unreachable); };
  request.send(form.getAttribute('enctype') === 'multipart/form-data' ? data : new URLSearchParams(data));
}

function signedOut() { // nothing was started; everything stays as it is until somebody has signed in
  one('#ended').hidden = false;
  one('#come-back').focus();
}

function refused(page, status) { // only the complaints are taken over: what was typed stays, files and secrets too
  const fresh = one('#go', page);
  if (!fresh) { trouble(one('main', page)?.innerText.trim() || `${form.dataset.odd} (${status})`); return; }
  for (const field of all('[data-field]', form)) {
    const other = one(`[data-field="${field.dataset.field}"] .wrong`, page);
    complain(field, other && !other.hidden ? one('span', other).textContent : '');
  }
  for (const name of ['press-key', 'press-seen']) named(name)[0].value = named(name, fresh)[0].value;
  all('#problems, #faster, #busy').forEach(old => old.remove());
  const notes = all('#problems, #faster, #busy', page);
  all('#problems p.small', page).forEach(again => again.remove());
  form.before(...notes);
  focusProblem();
}

function trouble(text) {
  const note = document.createElement('p');
  all('#problems').forEach(old => old.remove());
  Object.assign(note, { id: 'problems', className: 'note', tabIndex: -1, role: 'alert', textContent: text });
  note.dataset.state = 'attention';
  form.before(note);
  note.focus();
}

function focusProblem() {
  const note = one('#problems, #faster');
  note?.focus();
  note?.scrollIntoView({ block: 'nearest' });
}
focusProblem();

document.addEventListener('click', event => { // a link of the summary goes into the field, not only to it
  const link = event.target.closest?.('#problems a[href^="#"]');
  if (!link) return;
  event.preventDefault();
  into(document.getElementById(link.hash.slice(1)));
});
