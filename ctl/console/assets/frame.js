// What is in one frame: its layers with their fields, and its bytes. Texts are set as text; the gateway
// has made them printable.

function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className) {
    element.className = className;
  }
  element.append(...children);
  return element;
}

/** fields is a list of what a layer or a field has. */
function fields(all) {
  return make("dl", "layer-fields", ...all.map((field) => {
    const value = make("dd", "", field.value ?? "");
    if (field.fields) {
      value.append(fields(field.fields));
    }
    const row = make("div", "", make("dt", "", field.name), value);
    row.title = `byte ${field.at}, ${field.length} long`;
    return row;
  }));
}

function layer(one) {
  const details = make("details", "layer", make("summary", "", make("strong", "", one.name), " ", one.summary ?? ""));
  if (one.fault) {
    details.append(make("p", "frame-fault", one.fault));
  }
  if (one.fields) {
    details.append(fields(one.fields));
  }
  details.open = true;
  return details;
}

/** bytesOf are those of a frame. */
export function bytesOf(row) {
  return Uint8Array.from(atob(row.data), (character) => character.charCodeAt(0));
}

/** dump writes bytes as hexadecimal numbers and characters, 16 a line. */
function dump(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const line = [...bytes.subarray(at, at + 16)];
    const numbers = line.map((byte, i) => byte.toString(16).padStart(2, "0") + (i === 7 ? " " : "")).join(" ");
    const text = line.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${numbers.padEnd(49)} |${text}|`);
  }
  return lines.join("\n") + "\n";
}

function about(row, bytes) {
  const text = `Frame ${row.number}: ${row.length} bytes, ${bytes.length} of them captured, at ${row.port} ${row.point}, ${row.clock}`;
  if (!row.sessionId) {
    return make("p", "", `${text}.`);
  }
  const link = make("a", "", row.session);
  link.href = `/sessions/${encodeURIComponent(row.sessionId)}`;
  return make("p", "", `${text}, of session `, link, ".");
}

/** inside is what is shown of a frame that is opened. */
export function inside(row) {
  const bytes = bytesOf(row);
  const element = make("div", "frame-inside", about(row, bytes));
  if (row.fault) {
    element.append(make("p", "frame-fault", row.fault));
  }
  element.append(...(row.layers ?? []).map(layer));
  if (bytes.length > 0) {
    const pre = make("pre", "dump", dump(bytes));
    pre.tabIndex = 0;
    pre.setAttribute("role", "group");
    pre.setAttribute("aria-label", `Bytes of frame ${row.number}`);
    element.append(pre);
  }
  return element;
}
