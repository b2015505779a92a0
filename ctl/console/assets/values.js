// How values and rows of a stream are written into a page; live.js says by which attributes.

import {format, formatLong, grouped} from './numbers.js';

/** show sets a text, and only if it is another: what does not change is not read out or painted again. */
export function show(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** words is how a value is written, by data-unit. */
function words(element, value) {
  const unit = element.dataset.unit;
  switch (unit) {
    case undefined:
    case 'word':
    case 'status':
      return value === undefined || value === null || value === '' ? '–' : String(value);
    case 'total':
      return typeof value === 'number' ? grouped(value) : '–';
    case 'since':
      return typeof value === 'number' ? new Date(value).toISOString().slice(0, 19).replace('T', ' ') + ' UTC' : '';
    case 'duration':
      return typeof value === 'number' ? duration(value) : '–';
  }
  return element.dataset.long === undefined ? format(unit, value) : formatLong(unit, value);
}

function duration(seconds) {
  const days = Math.floor(seconds / 86400);
  const clock = new Date(seconds * 1000).toISOString().slice(11, 19);
  return days > 0 ? `${days} d ${clock}` : clock;
}

/** ago is how long ago something was, written as the gateway does on pages. */
export function ago(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  for (const [length, unit] of [[86400, 'd'], [3600, 'h'], [60, 'min']]) {
    if (seconds >= length) {
      return `${Math.floor(seconds / length)} ${unit} ago`;
    }
  }
  return `${seconds} s ago`;
}

/** put shows a value in an element, and marks what it is for the style sheet. */
export function put(element, value) {
  show(element, words(element, value));
  if (element.dataset.unit === 'status' && element.dataset.word !== element.textContent) {
    element.dataset.word = element.textContent;
  }
  const zero = value === 0;
  if (element.hasAttribute('data-zero') !== zero) {
    element.toggleAttribute('data-zero', zero);
  }
}

/** fill makes a list of a place have these rows, in this order, and touches nothing that is right. */
export function fill(list, rows) {
  const template = list.querySelector(':scope > template');
  const old = new Map();
  for (const child of [...list.children]) {
    if (child.dataset.key !== undefined) {
      old.set(child.dataset.key, child);
    }
  }
  let before = template;
  for (const row of rows) {
    let child = old.get(row.key);
    old.delete(row.key);
    if (child === undefined) {
      child = template.content.firstElementChild.cloneNode(true);
      child.dataset.key = row.key;
    }
    fillRow(child, row);
    if (before.nextElementSibling !== child) {
      before.after(child);
    }
    before = child;
  }
  for (const gone of old.values()) {
    gone.remove();
  }
}

function fillRow(child, row) {
  for (const element of [child, ...child.querySelectorAll('[data-field], [data-link], [data-mark]')]) {
    const {field, link, mark} = element.dataset;
    if (field !== undefined) {
      put(element, row[field]);
    }
    if (link !== undefined) {
      point(element, row[link]);
    }
    if (mark !== undefined && element.dataset.word !== String(row[mark])) {
      element.dataset.word = String(row[mark]);
    }
  }
}

/** point makes a link lead to a page of the console, or nowhere. */
function point(link, path) {
  if (typeof path !== 'string' || !path.startsWith('/') || path.startsWith('//')) {
    link.removeAttribute('href');
  } else if (link.getAttribute('href') !== path) {
    link.setAttribute('href', path);
  }
}
