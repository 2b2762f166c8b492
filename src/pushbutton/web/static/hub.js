// One event stream for all tabs of a browser. As a SharedWorker it owns the connection; where there is no SharedWorker,
// live.js runs the same class inside the page.
//
// Browsers allow six connections to a server over HTTP/1.1: with a stream for each tab, the seventh would not load.
// The stream is read with `fetch`, because an EventSource gives up for good after one 503 and hides the server's pings.
//
// A tab says {topics, since} now and then, {bye} when it goes, {retry} when somebody is impatient, {first: what} to do
// alone what all tabs could. It hears {kind: 'link', live, last, ended}, {kind: 'hello', version}, {kind: 'reset'},
// {kind: 'first', what, yours} and {kind: 'frame', name, topic, data}.

const SOONEST = 250, LATEST = 30_000; // ms between two attempts: doubled each time, with chance in it
const DEAD = 40_000; // ms without a byte; the server says something every 15 s
const GONE = 150_000; // ms after which a silent tab is forgotten; a hidden one may speak once a minute only
const GROWN = 20, SHRUNK = 2_000; // ms to wait for more before reopening with other topics
const MOST = 100; // topics that the server takes

/** @typedef {{topics: string[], since: number, seen: number}} Tab */

export class Hub {
  /** @type {Map<MessagePort, Tab>} */ #tabs = new Map();
  /** @type {Map<string, object>} the newest frame of each board, for tabs that come later */ #newest = new Map();
  /** @type {AbortController | null} */ #open = null;
  #asked = ''; // the topics of the open stream, or of the next attempt
  #timer = 0;
  #watchdog = 0;
  #wait = SOONEST;
  #live = false;
  #ended = false; // the server knows nobody here any more: somebody has to sign in
  #last = 0; // when the last byte came
  #cursor = 0; // the last event id seen; boards need none
  /** @type {object | null} */ #hello = null;
  /** @type {Set<string>} */ #taken = new Set(); // what one tab does for all

  constructor() {
    setInterval(() => this.#forget(), 30_000);
    self.addEventListener('online', () => this.#retry());
  }

  /** @param {MessagePort} port */
  attach(port) {
    port.onmessage = ({ data }) => this.#hear(port, data);
    port.addEventListener('close', () => this.#drop(port)); // where browsers know it; others say goodbye, or are forgotten
    port.start();
  }

  #hear(port, said) {
    if (said.retry) this.#retry();
    if (said.bye) this.#drop(port);
    if (said.first) {
      port.postMessage({ kind: 'first', what: said.first, yours: !this.#taken.has(said.first) });
      this.#taken.add(said.first);
    }
    if (!said.topics) return;
    const known = this.#tabs.get(port), fresh = said.topics.filter(topic => !known?.topics.includes(topic));
    this.#tabs.set(port, { topics: said.topics, since: known?.since ?? said.since ?? 0, seen: Date.now() });
    if (!known) {
      port.postMessage(this.#state());
      if (this.#hello) port.postMessage(this.#hello);
      if (!this.#live) this.#retry(); // the page has just come from the server: it is there
    }
    for (const topic of fresh) if (this.#newest.has(topic)) port.postMessage(this.#newest.get(topic));
    if (fresh.length || known?.topics.length !== said.topics.length) this.#regroup();
  }

  #drop(port) {
    if (this.#tabs.delete(port)) this.#regroup();
  }

  #forget() {
    for (const [port, tab] of this.#tabs) if (tab.seen < Date.now() - GONE) this.#drop(port);
  }

  // --- what to ask for

  #regroup() {
    const wanted = new Set([...this.#tabs.values()].flatMap(tab => tab.topics));
    const open = new Set(this.#asked.split(',').filter(Boolean));
    const grown = [...wanted].some(topic => !open.has(topic));
    if (!grown && wanted.size === open.size) { // as it was, before anything was done about it
      if (this.#live) clearTimeout(this.#timer);
      return;
    }
    this.#after(grown ? GROWN : SHRUNK);
  }

  #after(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #retry() {
    if (this.#live || this.#tabs.size === 0) return;
    this.#wait = SOONEST;
    this.#after(0);
  }

  #address() {
    const topics = [...new Set([...this.#tabs.values()].flatMap(tab => tab.topics))].sort();
    this.#asked = topics.join(',');
    for (const topic of this.#newest.keys()) if (!topics.includes(topic)) this.#newest.delete(topic);
    if (!topics.length) return '';
    const address = new URL('../api/events', import.meta.url);
    address.searchParams.set('topics', topics.slice(0, MOST).join(','));
    address.searchParams.set('hello', '1');
    const behind = [...this.#tabs.values()].filter(tab => tab.topics.some(told)).map(tab => tab.since);
    if (behind.length) address.searchParams.set('since', String(Math.min(...behind)));
    return address.href;
  }

  // --- the stream

  async #connect() {
    clearTimeout(this.#timer);
    this.#open?.abort();
    const address = this.#address(), control = new AbortController();
    this.#open = address ? control : null;
    if (!address) return this.#link(false);
    this.#watch(control);
    try {
      const answer = await fetch(address, { headers: { accept: 'text/event-stream' }, cache: 'no-store', signal: control.signal });
      if (answer.status === 401) return this.#end(control);
      if (answer.status !== 200 || !answer.body) throw new Error(`the server answered ${answer.status}`);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ''; ;) {
        const { done, value } = await reader.read();
        if (done || control.signal.aborted) break;
        this.#watch(control);
        this.#wait = SOONEST;
        this.#link(true);
        const frames = (rest + value).split('\n\n');
        rest = frames.pop() ?? '';
        for (const frame of frames) this.#frame(frame);
      }
    } catch { /* the same as an end: try again */ }
    if (this.#open !== control) return; // a newer one took its place
    this.#link(false);
    this.#newest.clear(); // whoever comes before the next stream has newer things in the page
    this.#after(this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(LATEST, this.#wait * 2);
  }

  /** Asking again is of no use until somebody has signed in, and that brings a page, which asks. */
  #end(control) {
    if (this.#open !== control) return;
    clearTimeout(this.#watchdog);
    this.#newest.clear();
    this.#link(false, true);
  }

  #watch(control) {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => control.abort(), DEAD);
  }

  #link(live, ended = false) {
    if (live) this.#last = Date.now();
    if (live === this.#live && ended === this.#ended) return;
    this.#live = live;
    this.#ended = ended;
    this.#tell(this.#state());
  }

  #state() {
    return { kind: 'link', live: this.#live, last: this.#last, ended: this.#ended };
  }

  /** @param {string} text one frame as the server sends it: each field on one line, data as JSON */
  #frame(text) {
    const fields = Object.fromEntries(text.split('\n').filter(line => !line.startsWith(':')).map(line => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
    }));
    if (!fields.data) return;
    const data = JSON.parse(fields.data), name = fields.event;
    if (name === 'hello') return this.#tell(this.#hello = { kind: 'hello', version: data.version });
    if (name === 'reset') {
      for (const tab of this.#tabs.values()) tab.since = data.last;
      return this.#tell({ kind: 'reset' });
    }
    if (fields.id) return this.#event(Number(fields.id), name, data);
    const topic = name === 'tail' ? `tail:${data.run}` : data.topic;
    const message = { kind: 'frame', name, topic, data };
    this.#newest.set(topic, message);
    for (const [port, tab] of this.#tabs) if (tab.topics.includes(topic)) port.postMessage(message);
  }

  /** An event: each tab gets each one once, in order, and only those of its topics. */
  #event(id, name, data) {
    for (const [port, tab] of this.#tabs) {
      if (id <= tab.since) continue;
      tab.since = id;
      const topic = [`run:${data.run}`, `task:${data.task}`, 'runs'].find(one => tab.topics.includes(one));
      if (topic || data.run === null) port.postMessage({ kind: 'frame', name, topic: topic ?? 'runs', data });
    }
  }

  #tell(message) {
    for (const port of this.#tabs.keys()) port.postMessage(message);
  }
}

/** Topics of events, which have ids; all others are boards, whose newest frame is all there is. */
const told = topic => topic === 'runs' || topic.startsWith('run:') || topic.startsWith('task:');

if ('SharedWorkerGlobalScope' in self) {
  const hub = new Hub();
  self.addEventListener('connect', event => hub.attach(event.ports[0]));
}
