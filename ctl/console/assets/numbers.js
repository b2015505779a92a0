// Numbers as ctl/console/plot writes them; a test compares the two.

const prefixes = ['', 'k', 'M', 'G', 'T', 'P'];
const times = [' ns', ' µs', ' ms', ' s'];
const words = {frames: 'frames/s', bits: 'bit/s', copies: 'copies/s', packets: 'packets/s'};

/** known is a value that can be drawn, at least 0, or null. */
export function known(v) {
  return typeof v === 'number' && Number.isFinite(v) ? Math.min(Math.max(v, 0), 1e18) : null;
}

function significant(v) {
  return v.toFixed(v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2);
}

function digits(v) {
  if (v === 0 || (Number.isInteger(v) && v < 1e6) || v >= 9.95) {
    return v.toFixed(0);
  }
  return v < 0.05 ? '<0.1' : v.toFixed(1);
}

function scaled(v, names) {
  let i = 0;
  while (v >= 999.5 && i < names.length - 1) {
    v /= 1000;
    i++;
  }
  return (i === 0 ? digits(v) : significant(v)) + names[i];
}

/** format writes a value of a unit (frames, bits, copies, packets, share, ns, count) without the unit. */
export function format(unit, value) {
  const v = known(value);
  if (v === null) {
    return '–';
  }
  if (unit === 'share') {
    return digits(100 * v) + ' %';
  }
  return scaled(v, unit === 'ns' ? times : prefixes);
}

/** formatLong is format with the unit, where it has a word. */
export function formatLong(unit, value) {
  const text = format(unit, value);
  return words[unit] && text !== '–' ? text + ' ' + words[unit] : text;
}

/** label is a value on a scale: without zeros that say nothing. */
export function label(unit, value) {
  return format(unit, value).replace(/^(\d+)\.(\d*?)0+(?=\D|$)/, (_, whole, rest) => (rest ? whole + '.' + rest : whole));
}

/** grouped writes a whole number with commas between thousands. */
export function grouped(n) {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}
