// Pages that move: what ctl/console/live streams, shown where the page has places for it.
//
//   <body data-events="/events" data-since="INSTANCE.REVISION">
//   data-topic      on an element: what is inside belongs to the topic
//   data-live       on an element: it shows the value of this name; data-unit says how
//   data-list       on a <tbody>, <ul> or <ol>: one child for each row, made of the <template> inside it
//   data-field      in such a child: it shows the field of this name; data-link: it is a link to the field's path;
//                   data-mark: its data-word is the field, for the style sheet
//   data-empty      on an element: it is there while the list of this name is empty; data-full: while it is not
//   data-plot       on a figure of ctl/console/plot; data-spark on a small one
//   data-watch      on an element: the IDs of resources, or kinds, whose changes the page is to be told of
//   data-notice     on an element: where it is told
//   data-connection on an element: where the state of the connection is said

import {Past, Plot, Spark} from './plots.js';
import {ago, fill, put, show} from './values.js';

const remembrance = 5 * 60 * 1000; // ms
const quietAfter = 5 * 1000; // ms that a page must be hidden to be left alone
const shortestWait = 2 * 1000; // ms before coming back
const longestWait = 30 * 1000;
const ageEvery = 5 * 1000; // ms between two looks at how long ago a change was
const sayEvery = 15 * 1000; // ms between two things that are said aloud

/** Page is everything that moves on one page. */
class Page {
  constructor(body) {
    this.body = body;
    this.topics = new Map(); // by name: {past, values, lists, empties, plots, sparks}
    for (const element of body.querySelectorAll('[data-topic]')) {
      this.collect(element.dataset.topic, element);
    }
    this.watched = [...body.querySelectorAll('[data-watch]')].flatMap((element) => element.dataset.watch.split(' '));
    this.notice = body.querySelector('[data-notice]');
    this.place = body.querySelector('[data-connection]');
    this.since = body.dataset.since ?? '';
    this.revision = Number(this.since.split('.')[1] ?? 0);
    this.told = new Map(); // changes that the page has been told of, by ID
    this.said = 0;
    this.ahead = 0; // ms that the gateway's clock is ahead of the browser's
  }

  collect(name, root) {
    const inside = (selector) => [...root.querySelectorAll(selector)].filter((e) => e.closest('[data-topic]') === root);
    const topic = this.topics.get(name) ?? {past: new Past(remembrance), values: [], lists: [], empties: [], plots: [], sparks: []};
    topic.values.push(...inside('[data-live]'));
    topic.lists.push(...inside('[data-list]'));
    topic.empties.push(...inside('[data-empty], [data-full]'));
    topic.plots.push(...inside('figure[data-plot]').map((figure) => new Plot(figure)));
    topic.sparks.push(...inside('[data-spark]').map((drawing) => new Spark(drawing)));
    this.topics.set(name, topic);
  }

  get moves() {
    return this.topics.size > 0 || this.watched.length > 0;
  }

  history(event) {
    this.topics.get(event.topic)?.past.load(event);
  }

  sample(event) {
    const topic = this.topics.get(event.topic);
    if (topic === undefined) {
      return;
    }
    topic.past.add(event);
    for (const element of topic.values) {
      put(element, event.values[element.dataset.live]);
    }
    for (const list of topic.lists) {
      fill(list, event.lists?.[list.dataset.list] ?? []);
    }
    const rows = (name) => (event.lists?.[name] ?? []).length;
    for (const element of topic.empties) {
      element.hidden = element.dataset.empty === undefined ? rows(element.dataset.full) === 0 : rows(element.dataset.empty) > 0;
    }
    for (const plot of [...topic.plots, ...topic.sparks]) {
      plot.draw(topic.past, event.time);
    }
    this.sayProblems(event);
  }

  /** sayProblems speaks when there are more or fewer of them, and not at every sample. */
  sayProblems(event) {
    const count = event.lists?.problems?.length;
    if (count === undefined || this.place === null || Date.now() - this.said < sayEvery) {
      return;
    }
    if (this.problems !== undefined && this.problems !== count) {
      this.say(count === 0 ? 'All problems are gone.' : count === 1 ? 'There is 1 problem.' : `There are ${count} problems.`);
    }
    this.problems = count;
  }

  say(text) {
    this.said = Date.now();
    const voice = this.body.querySelector('[data-voice]');
    if (voice !== null) {
      show(voice, text);
    }
  }

  /** connection says how the stream is: live, lost, paused or out. */
  connection(state, text) {
    if (this.body.dataset.connectionState === state && this.place?.textContent === text) {
      return;
    }
    const before = this.body.dataset.connectionState;
    this.body.dataset.connectionState = state;
    if (this.place !== null) {
      show(this.place, text);
    }
    if (before !== state && !(before === undefined && state === 'live') && state !== 'paused') {
      this.say(text);
    }
  }

  /** change notes changes that concern the page, which were made after it was. */
  change(event) {
    for (const one of event.changes) {
      const concerns = this.watched.includes(one.id) || this.watched.includes(one.of) || this.watched.includes(one.kind);
      if (!concerns || one.revision <= this.revision) {
        continue;
      }
      this.told.set(one.of ?? one.id, one);
      for (const row of this.body.querySelectorAll(`[data-id="${CSS.escape(one.of ?? one.id)}"]`)) {
        row.dataset.changed = one.action;
      }
    }
    const more = Object.entries(event.more ?? {}).some(([kind]) => this.watched.includes(kind));
    if (this.told.size > 0 || more) {
      this.tellChanges(more);
    }
  }

  tellChanges(more) {
    if (this.notice === null) {
      return;
    }
    const list = [...this.told.values()];
    const last = list.reduce((a, b) => (b.revision > a.revision ? b : a), list[0]);
    const verbs = {create: 'created', modify: 'changed', delete: 'deleted'};
    const one = list.length === 1 && !more;
    const what = one
      ? `${last.of ? 'A rule of this filter' : last.name || last.id} was ${verbs[last.action]} since this page was loaded`
      : `${more ? 'Many' : list.length} resources have changed since this page was loaded`;
    if (last?.by === undefined) {
      this.tell(`${what}.`);
      return;
    }
    const when = document.createElement('time');
    when.dateTime = new Date(last.time).toISOString();
    when.setAttribute('aria-live', 'off'); // it moves, and is not read out each time
    this.tell(`${what} (${one ? '' : 'the last '}by ${last.by}, `, when, ').');
    this.age();
    this.ages ??= setInterval(() => this.age(), ageEvery);
  }

  /** age says how long ago the change was that the notice tells of. */
  age() {
    const when = this.notice.querySelector('time');
    if (when !== null) {
      show(when, ago(Date.now() + this.ahead - Date.parse(when.dateTime)));
    }
  }

  /** tell shows a notice with a link, which loads the page again unless it is another; forms keep what was typed until then. */
  tell(...parts) {
    this.tellWith(location.pathname + location.search, 'Load it again', ...parts); // to an address with a fragment it would only scroll
  }

  tellWith(href, label, ...parts) {
    if (this.notice === null) {
      return;
    }
    const link = document.createElement('a');
    link.href = href;
    link.textContent = label;
    this.notice.replaceChildren(...parts, ' ', link);
    this.notice.hidden = false;
  }

  /** out says that nothing moves any more, and leads back here by way of the log-in. */
  out() {
    this.connection('out', 'Logged out');
    if (this.isOut) {
      return;
    }
    const here = location.pathname + location.search;
    this.tellWith(`/login?${new URLSearchParams({next: here})}`, 'Log in', 'You are no longer logged in, and nothing on this page moves any more: the gateway was restarted, or the log-in has ended.');
    this.isOut = true;
  }

  /** back is after a log-in elsewhere: the forms of this page are still those of the one before. */
  back() {
    if (this.isOut) {
      this.isOut = false;
      this.tell('You are logged in again, and this page is from before.');
    }
  }

  missed() {
    if (this.watched.length > 0) {
      this.tell('Something may have changed while the connection was lost.');
    }
  }
}

/** Stream is the connection to the gateway, which it keeps up as long as the page is seen. */
class Stream {
  constructor(page, address) {
    this.page = page;
    this.address = address;
    this.wait = shortestWait;
    this.instance = page.since.split('.')[0];
    document.addEventListener('visibilitychange', () => this.visibility());
    addEventListener('focus', () => this.resting && this.open());
    addEventListener('pagehide', () => this.close());
    addEventListener('pageshow', (event) => event.persisted && this.open());
    this.open();
  }

  open() {
    this.close();
    this.resting = false;
    const query = new URLSearchParams([...this.page.topics.keys()].map((topic) => ['topic', topic]));
    if (this.page.since !== '') {
      query.set('since', this.page.since);
    }
    this.source = new EventSource(`${this.address}?${query}`);
    const on = (name, take) => this.source.addEventListener(name, (event) => {
      if (event.lastEventId !== '') {
        this.page.since = event.lastEventId;
      }
      take(JSON.parse(event.data));
    });
    on('hello', (event) => this.hello(event));
    on('history', (event) => this.page.history(event));
    on('sample', (event) => this.page.sample(event));
    on('change', (event) => this.page.change(event));
    on('lost', () => this.page.missed());
    on('bye', (event) => this.bye(event));
    this.source.addEventListener('error', () => this.failed());
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  hello(event) {
    this.wait = shortestWait;
    this.page.ahead = event.now - Date.now();
    this.page.connection('live', 'Live');
    if (this.instance !== '' && this.instance !== event.instance) {
      this.page.say('The gateway was restarted; its counters began at 0.');
      this.page.missed();
    }
    this.page.back();
    this.instance = event.instance;
  }

  bye(event) {
    if (event.reason === 'log-in') {
      this.close();
      this.later();
    }
    if (event.reason === 'elsewhere') { // until somebody comes to this window
      this.close();
      this.resting = true;
      this.page.connection('paused', 'Paused for newer windows');
    }
  }

  /** failed is called whenever the connection breaks. Most often the browser comes back by itself. */
  failed() {
    this.page.connection('lost', 'Connection lost, trying again');
    if (this.source?.readyState === EventSource.CLOSED) {
      this.close();
      this.later();
    }
  }

  /** later comes back when it makes sense: at once whoever has logged out is told so. */
  async later() {
    const wait = this.wait * (0.75 + Math.random() / 2);
    this.wait = Math.min(2 * this.wait, longestWait);
    try {
      const answer = await fetch(this.address, {method: 'HEAD', cache: 'no-store'});
      if (answer.status === 401) {
        this.page.out();
        this.timer = setTimeout(() => this.later(), wait); // somebody may log in again in another window
        return;
      }
    } catch {
      // the gateway does not answer: it is tried again like everything else
    }
    this.timer = setTimeout(() => this.open(), wait);
  }

  visibility() {
    clearTimeout(this.hiding);
    if (document.hidden) {
      this.hiding = setTimeout(() => {
        this.close();
        this.page.connection('paused', 'Paused');
      }, quietAfter);
    } else if (this.source === null || this.source.readyState === EventSource.CLOSED) {
      this.open();
    }
  }
}

const page = new Page(document.body);
if (document.body.dataset.events !== undefined && page.moves) {
  new Stream(page, document.body.dataset.events);
}
