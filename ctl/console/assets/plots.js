// Plots that move. The same geometry as ctl/console/plot, which draws them first; a test compares the two.

import {known, format, label} from './numbers.js';

const width = 1000;
const height = 140;
const above = 8;
const leastHeight = 1.5;
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const timeSteps = [
  second, 5 * second, 15 * second, 30 * second, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute,
  hour, 2 * hour, 4 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day, 14 * day, 28 * day, 91 * day, 364 * day,
];

const round = (v) => Math.floor(v * 10 + 0.5) / 10;
const power = (factor, exponent) => (exponent < 0 ? factor / 10 ** -exponent : factor * 10 ** exponent);

/** scale chooses the end of a scale and its step: 1, 2 or 5 times a power of ten. */
function scale(top) {
  if (top <= 0) {
    return [1, 1];
  }
  for (let exponent = Math.floor(Math.log10(top)) - 1; ; exponent++) {
    for (const factor of [1, 2, 5]) {
      const step = power(factor, exponent);
      const steps = Math.ceil(top / step - 1e-9);
      if (steps <= 5) {
        return [steps * step, step];
      }
    }
  }
}

/** scaleTop keeps lines of a scale from reading the same. */
function scaleTop(unit, top) {
  return top === 0 ? 0 : Math.max(top, unit === 'share' ? 0.005 : 0.5);
}

const two = (n) => String(n).padStart(2, '0');
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function timeLabel(t, step) {
  const d = new Date(t);
  if (step >= day || (t % day === 0 && step >= hour)) {
    return months[d.getUTCMonth()] + ' ' + d.getUTCDate();
  }
  const clock = two(d.getUTCHours()) + ':' + two(d.getUTCMinutes());
  return step < minute ? clock + ':' + two(d.getUTCSeconds()) : clock;
}

function timeTicks(from, to) {
  const step = timeSteps.find((s) => to - from <= 7 * s) ?? timeSteps.at(-1);
  const ticks = [];
  for (let t = Math.ceil(from / step) * step; t < to && ticks.length < 14; t += step) {
    ticks.push({at: round((width * (t - from)) / (to - from)), label: timeLabel(t, step)});
  }
  return ticks;
}

/** path draws a line in steps. Points are {time, length, value}; times are ms. */
function path(points, from, to, end) {
  let d = '';
  let reach = null; // of the last level piece, which is not written yet; null: the pen is up
  let level = 0;
  let before = null;
  const x = (t) => round((width * (Math.min(Math.max(t, from), to) - from)) / (to - from));
  const lift = () => {
    if (reach !== null) {
      d += 'H' + reach;
    }
    reach = null;
  };
  for (const p of points) {
    const v = known(p.value);
    if (v === null || p.time >= to || p.time + p.length <= from) {
      lift();
      before = p;
      continue;
    }
    let y = round(height * (1 - v / end));
    if (v > 0) {
      y = Math.min(y, height - leastHeight);
    }
    if (before === null || p.time - (before.time + before.length) > before.length / 2) {
      lift();
    }
    if (reach === null) {
      d += 'M' + x(p.time) + ' ' + y;
    } else if (y !== level) {
      d += 'H' + x(p.time) + 'V' + y;
    }
    reach = x(p.time + p.length);
    level = y;
    before = p;
  }
  lift();
  return d;
}

function highest(all, from, to) {
  let top = 0;
  for (const points of all) {
    for (const p of points) {
      if (p.time < to && p.time + p.length > from) {
        top = Math.max(top, known(p.value) ?? 0);
      }
    }
  }
  return top;
}

/** layout is a plot in the frame's coordinates. */
export function layout({unit, from, to, top, series}) {
  const [end, step] = scale(scaleTop(unit, Math.max(highest(series, from, to), Math.min(Math.max(top, 0), 1e18))));
  const values = [];
  for (let i = 0; i <= Math.round(end / step); i++) {
    values.push({at: round(height * (1 - (i * step) / end)), label: label(unit, i * step)});
  }
  return {end, values, times: timeTicks(from, to), paths: series.map((points) => path(points, from, to, end))};
}

const svg = (name, attributes, text) => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  element.textContent = text;
  return element;
};

const endClass = (i, n, at) => (i === 0 && at < 40 ? ' plot-first' : i === n - 1 && at > 960 ? ' plot-last-time' : '');

/** Plot is a figure that the server has drawn with data-plot, and which moves from now on. */
export class Plot {
  constructor(figure) {
    this.topic = figure.dataset.plot;
    this.unit = figure.dataset.unit;
    this.span = Number(figure.dataset.seconds) * second;
    this.top = Number(figure.dataset.top);
    this.scale = figure.querySelector('.plot-scale');
    this.area = figure.querySelector('.plot-area');
    this.frame = figure.querySelector('.plot-frame');
    this.grid = figure.querySelector('.plot-grid');
    const legend = [...figure.querySelectorAll('[data-series]')];
    this.keys = legend.map((item) => item.dataset.series);
    this.last = legend.map((item) => item.querySelector('.plot-last'));
    this.lines = [...this.frame.querySelectorAll('.plot-line')].reverse(); // the first is on top, so it is the last
  }

  /** draw shows what is known until a time. */
  draw(past, now) {
    const series = this.keys.map((key) => past.points(key));
    const l = layout({unit: this.unit, from: now - this.span, to: now, top: this.top, series});
    this.lines.forEach((line, i) => line.setAttribute('d', l.paths[i]));
    this.last.forEach((element, i) => {
      element.textContent = format(this.unit, series[i].at(-1)?.value);
    });
    this.grid.setAttribute('d', l.values.slice(1).map((t) => `M0 ${t.at}H1000`).join('') + l.times.map((t) => `M${t.at} 140V0`).join(''));
    this.scale.replaceChildren(...l.values.map((t) => svg('text', {x: 46, y: t.at + above + 4}, t.label)));
    for (const old of this.area.querySelectorAll('.plot-time')) {
      old.remove();
    }
    this.area.append(...l.times.map((t, i) =>
      svg('text', {class: 'plot-time' + endClass(i, l.times.length, t.at), x: round(t.at / 10) + '%', y: 164}, t.label)));
  }
}

/** Past is what the plots of a topic had lately. */
export class Past {
  constructor(remembrance) {
    this.remembrance = remembrance;
    this.moments = []; // {time, length, values}: the end, ms, and numbers by name
  }

  /** load takes an event history. */
  load({times, lengths, series}) {
    this.moments = times.map((time, i) => ({
      time, length: lengths[i],
      values: Object.fromEntries(Object.entries(series).map(([key, values]) => [key, values[i]])),
    }));
  }

  /** add takes an event sample. */
  add({time, length, values}) {
    if (this.moments.length > 0 && time < this.moments.at(-1).time) {
      this.moments = []; // the clock was set back
    }
    this.moments.push({time, length, values});
    const first = this.moments.findIndex((m) => time - m.time < this.remembrance);
    this.moments.splice(0, first);
  }

  points(key) {
    return this.moments.map((m) => ({time: m.time - m.length, length: m.length, value: m.values[key]}));
  }
}

/** Spark is a small line of the server's with data-spark. */
export class Spark {
  constructor(drawing) {
    this.key = drawing.dataset.spark;
    this.span = Number(drawing.dataset.seconds) * second;
    this.top = Number(drawing.dataset.top);
    this.line = drawing.querySelector('.plot-line');
    this.under = drawing.querySelector('.plot-under');
  }

  draw(past, now) {
    const from = now - this.span;
    const points = past.points(this.key);
    const line = path(points, from, now, Math.max(highest([points], from, now), this.top) || 1);
    this.line.setAttribute('d', line);
    this.under.setAttribute('d', line.split('M').filter((piece) => piece !== '').map((piece) => `M${piece}V${height}H${piece.split(' ')[0]}Z`).join(''));
  }
}
