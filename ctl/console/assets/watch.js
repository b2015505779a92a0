// Frames on the capture page, as they come. POST /capture/watch with Accept: text/event-stream starts a
// capture and streams it: hello, then frames and counts, then end. Leaving the page ends it.
//
// It is a fetch and no EventSource: it changes something, so that it is a POST with the token of the
// form, and it must not begin again by itself.

import { inside } from "./frame.js";
import { grouped } from "./numbers.js";
import { capture } from "./pcapng.js";

const sayEvery = 15 * 1000; // ms between two counts that are said aloud
const patience = 3 * 1000; // ms until a stop that the gateway does not answer is done here

const handlers = { hello: "hello", frames: "arrived", counts: "counts", end: "end" }; // of events

/** events reads server-sent events. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      return;
    }
    const texts = (rest + value).split("\n\n");
    rest = texts.pop();
    for (const text of texts) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(text) ?? [];
      if (name !== undefined) {
        yield [name, JSON.parse(data)];
      }
    }
  }
}

function badge(text, kind) {
  const element = document.createElement("span");
  element.className = kind === undefined ? "badge" : `badge ${kind}`;
  element.textContent = text;
  return element;
}

/** says fills the last column: what the frame is wrapped in, whose it is, what is wrong with it, its line. */
function says(place, row) {
  const badges = (row.wrapped ?? []).map((text) => badge(text));
  if (row.session) {
    badges.push(badge(`session ${row.session}`));
  }
  if (row.fault) {
    badges.push(row.cut ? badge("cut") : badge("malformed", "warn"));
  }
  place.replaceChildren(...badges.flatMap((one) => [one, " "]), row.info);
}

/** Frames is the section with the rows. */
class Frames {
  constructor(section) {
    this.section = section;
    this.list = this.part("list");
    this.template = this.list.querySelector("template");
    this.kept = Number(section.dataset.kept);
    this.rows = new WeakMap(); // of the elements
    this.list.addEventListener("toggle", (event) => this.toggled(event.target), true);
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("focusin", (event) => this.focused(event.target));
    section.addEventListener("click", (event) => this.do(event.target.closest("button")?.dataset.do));
    addEventListener("pagehide", () => this.abort());
  }

  part(name) {
    return this.section.querySelector(`[data-part="${name}"]`);
  }

  get frames() {
    return this.list.querySelectorAll(":scope > .frame");
  }

  /** start asks for frames as a form says. */
  async start(form, action) {
    this.abort();
    const request = new AbortController();
    this.request = request;
    Object.assign(this, { action, token: form.elements.csrf.value, id: undefined, paused: false, waiting: [], missed: 0, shown: 0, gone: 0, out: 0, said: 0 });
    try {
      const response = await fetch(action, { method: "POST", headers: { Accept: "text/event-stream" }, body: new URLSearchParams(new FormData(form)), signal: request.signal });
      if (!response.ok || !(response.headers.get("Content-Type") ?? "").startsWith("text/event-stream")) {
        await this.refused(form, response);
        return;
      }
      document.getElementById("summary")?.remove();
      this.begin();
      for await (const [name, data] of events(response.body)) {
        if (this.request !== request) {
          return;
        }
        this[handlers[name]]?.(data);
      }
      this.over("The connection was lost: the watch has ended.");
    } catch (fault) {
      if (this.request === request) {
        this.over(fault.name === "AbortError" ? "It has ended: it was stopped." : "The connection was lost: the watch has ended.");
      }
    }
  }

  /** abort ends what runs without a word. */
  abort() {
    const request = this.request;
    this.request = undefined;
    request?.abort();
  }

  /** refused shows what the page would show that came instead of frames. */
  async refused(form, response) {
    this.request = undefined;
    if (response.redirected) {
      location.assign(response.url); // to the log-in
      return;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const [summary, again] = [page.getElementById("summary"), page.querySelector("[data-frames-form]")];
    document.getElementById("summary")?.remove();
    if (summary === null || again === null) {
      this.section.hidden = false;
      this.tell(page.querySelector("main > h1 + p")?.textContent ?? `The gateway answered ${response.status}.`);
      this.part("state").scrollIntoView({ block: "nearest" });
      return;
    }
    form.replaceWith(document.adoptNode(again));
    this.section.before(document.adoptNode(summary));
    summary.focus();
  }

  begin() {
    for (const frame of this.frames) {
      frame.remove();
    }
    for (const old of this.section.querySelectorAll(":scope > .empty, :scope > .facts:not([data-part])")) {
      old.remove();
    }
    this.section.hidden = false;
    for (const name of ["controls", "counts", "keys"]) {
      this.part(name).hidden = false;
    }
    this.buttons(true);
    this.left();
    this.counts({});
    document.getElementById("watched-heading").focus();
  }

  buttons(run) {
    for (const button of this.part("controls").children) {
      button.hidden = !run && button.dataset.do !== "save";
    }
    this.part("controls").querySelector("[data-do=pause]").textContent = this.paused ? "Resume" : "Pause";
  }

  /** tell says how it stands, to everybody. */
  tell(text) {
    this.part("state").textContent = text;
    this.say(text);
  }

  say(text) {
    this.said = Date.now();
    this.part("voice").textContent = text;
  }

  hello(event) {
    this.id = event.capture;
    this.running = `Watching ${this.id}: at most ${event.rate} frames a second, for ${event.seconds} seconds${event.count > 0 ? ` or ${grouped(event.count)} frames` : ""}.`;
    this.tell(this.running);
  }

  /** frames that came; none is shown while the watch is paused. */
  arrived(rows) {
    if (!this.paused) {
      this.add(rows);
      return;
    }
    this.waiting.push(...rows);
    const over = Math.max(0, this.waiting.length - this.kept);
    this.waiting.splice(0, over);
    this.missed += over;
    this.part("state").textContent = `Paused: ${this.waiting.length} frames wait.`;
  }

  add(rows) {
    const follows = this.list.scrollTop + this.list.clientHeight >= this.list.scrollHeight - 40 && !this.list.contains(document.activeElement);
    this.list.append(...rows.slice(-this.kept).map((row) => this.frame(row)));
    this.shown += rows.length;
    this.gone += Math.max(0, rows.length - this.kept);
    this.drop(this.frames.length - this.kept);
    if (this.list.querySelector("summary[tabindex='0']") === null) {
      this.list.querySelector(".frame summary")?.setAttribute("tabindex", "0");
    }
    if (follows) {
      this.list.scrollTop = this.list.scrollHeight;
    }
    this.count("shown", this.shown);
    this.left();
  }

  frame(row) {
    const element = this.template.content.firstElementChild.cloneNode(true);
    for (const place of element.querySelectorAll("[data-part]")) {
      const value = row[place.dataset.part];
      if (place.dataset.part === "says") {
        says(place, row);
      } else {
        place.textContent = value === "" ? "–" : value;
      }
    }
    element.querySelector("[data-part=after]").title = row.clock;
    element.querySelector("summary").tabIndex = -1;
    this.rows.set(element, row);
    return element;
  }

  /** drop removes the oldest; those that are looked at stay as long as there are others. */
  drop(count) {
    if (count <= 0) {
      return;
    }
    const all = [...this.frames];
    const isIdle = (frame) => !frame.firstElementChild.open && !frame.contains(document.activeElement);
    const idle = all.filter(isIdle);
    const gone = new Set((idle.length >= count ? idle : all).slice(0, count));
    gone.forEach((frame) => frame.remove());
    this.gone += gone.size;
  }

  left() {
    const texts = [];
    if (this.gone > 0) {
      texts.push(`The page keeps ${this.kept} frames; ${this.gone} older ones have left it.`);
    }
    if (this.missed > 0) {
      texts.push(`${this.missed} came while it was paused and are not shown.`);
    }
    this.part("left").textContent = texts.join(" ");
    this.part("left").hidden = texts.length === 0;
  }

  count(name, value) {
    const place = this.section.querySelector(`[data-count="${name}"]`);
    place.textContent = grouped(value ?? 0);
  }

  counts(counts) {
    const dropped = counts.dropped ?? {};
    this.count("shown", this.shown);
    this.count("seen", counts.seen);
    this.out = 0;
    for (const reason of ["rate-limit", "full", "congestion"]) {
      this.count(reason, dropped[reason]);
      this.out += dropped[reason] ?? 0;
    }
    if (this.request !== undefined && !this.paused && Date.now() - this.said > sayEvery) {
      this.say(`${this.shown} frames shown, ${this.out} left out.`);
    }
  }

  end(event) {
    if (this.paused) {
      this.pause();
    }
    this.counts(event.counts);
    this.over(event.text);
  }

  over(text) {
    if (this.request === undefined) {
      return;
    }
    this.request = undefined;
    if (this.paused) {
      this.pause();
    }
    clearTimeout(this.late);
    const focus = this.part("controls").contains(document.activeElement);
    this.buttons(false);
    this.tell(text);
    if (focus) {
      document.getElementById("watched-heading").focus();
    }
  }

  do(what) {
    if (["pause", "stop", "save"].includes(what)) {
      this[what]();
    }
  }

  pause() {
    this.paused = !this.paused;
    if (!this.paused) {
      const rows = this.waiting;
      this.waiting = [];
      this.add(rows);
    }
    this.buttons(true);
    this.tell(this.paused ? "Paused: frames that come wait." : this.running);
  }

  /** stop has the gateway end the capture, which then tells the rest. */
  stop() {
    const request = this.request;
    if (this.id === undefined) {
      request?.abort();
      return;
    }
    this.late = setTimeout(() => request?.abort(), patience);
    fetch(this.action, { method: "POST", redirect: "manual", body: new URLSearchParams({ csrf: this.token, stop: this.id }) }).catch(() => request?.abort());
  }

  save() {
    const rows = [...[...this.frames].map((frame) => this.rows.get(frame)), ...(this.waiting ?? [])];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(capture(rows));
    link.download = `${this.id ?? "watched"}.pcapng`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), patience);
  }

  /** toggled makes the inside of a frame when it is opened, and forgets it when it is closed. */
  toggled(details) {
    const row = this.rows.get(details.parentElement);
    if (row === undefined) {
      return;
    }
    details.querySelector(":scope > .frame-inside")?.remove();
    if (details.open) {
      details.append(inside(row));
    }
  }

  /** key goes from row to row: only one of them is a stop of Tab. */
  key(event) {
    const frame = event.target.closest(".frame > details > summary")?.closest(".frame");
    if (!frame || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) {
      return;
    }
    const is = (element) => (element?.classList.contains("frame") ? element : null);
    const all = this.frames;
    const to = { ArrowDown: is(frame.nextElementSibling), ArrowUp: is(frame.previousElementSibling), Home: all[0], End: all[all.length - 1] }[event.key];
    if (to) {
      event.preventDefault();
      to.querySelector("summary").focus();
    }
  }

  focused(element) {
    if (!element.matches(".frame > details > summary")) {
      return;
    }
    for (const other of this.list.querySelectorAll(".frame > details > summary[tabindex='0']")) {
      other.tabIndex = -1;
    }
    element.tabIndex = 0;
  }
}

/** enhanceFrames has the button Watch show frames on the page itself. */
export function enhanceFrames(section) {
  const frames = new Frames(section);
  document.addEventListener("submit", (event) => {
    const action = event.submitter?.getAttribute("formaction");
    if (action && event.target.matches("[data-frames-form]")) {
      event.preventDefault();
      frames.start(event.target, action);
    }
  });
}
