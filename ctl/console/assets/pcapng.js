// The frames of the page as a pcapng file (draft-ietf-opsawg-pcapng), made here: the gateway has not
// kept them.

import { bytesOf } from "./frame.js";

const [section, interfaceBlock, packet] = [0x0a0d0d0a, 1, 6];
const [optionName, optionResolution] = [2, 9];

/** padded is a length to the next multiple of 4. */
const padded = (length) => (length + 3) & ~3;

/** block has a type, 32-bit numbers, and bytes behind them. */
function block(type, numbers, bytes = new Uint8Array()) {
  const length = 12 + 4 * numbers.length + padded(bytes.length);
  const view = new DataView(new ArrayBuffer(length));
  [type, length, ...numbers].forEach((number, i) => view.setUint32(4 * i, number, true));
  new Uint8Array(view.buffer).set(bytes, 8 + 4 * numbers.length);
  view.setUint32(length - 4, length, true);
  return view.buffer;
}

/** described is an interface: its name, and that times are nanoseconds. */
function described(name) {
  const text = new TextEncoder().encode(name);
  const options = new Uint8Array(4 + padded(text.length) + 8 + 4);
  const view = new DataView(options.buffer);
  view.setUint16(0, optionName, true);
  view.setUint16(2, text.length, true);
  options.set(text, 4);
  const next = 4 + padded(text.length);
  view.setUint16(next, optionResolution, true);
  view.setUint16(next + 2, 1, true);
  options[next + 4] = 9;
  return block(interfaceBlock, [1, 0], options);
}

/** capture is a file of rows. */
export function capture(rows) {
  const names = [...new Set(rows.map((row) => `${row.port}/${row.point}`))];
  const blocks = [block(section, [0x1a2b3c4d, 1, 0xffffffff, 0xffffffff]), ...names.map(described)];
  for (const row of rows) {
    const bytes = bytesOf(row);
    const time = BigInt(row.time);
    blocks.push(block(packet, [names.indexOf(`${row.port}/${row.point}`), Number(time >> 32n), Number(time & 0xffffffffn), bytes.length, row.length], bytes));
  }
  return new Blob(blocks, { type: "application/x-pcapng" });
}
