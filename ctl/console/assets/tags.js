// The tag editor without a way to the server for each row. Its buttons are those of the form.

// enhanceTags adds and removes rows in place.
export function enhanceTags(editor) {
  const rows = editor.querySelector(".rows");
  let made = rows.querySelectorAll(".row").length;

  editor.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || button.name !== "do") {
      return;
    }
    event.preventDefault();
    if (button.value === "add-tag") {
      add();
    } else {
      remove(button.closest(".row"));
    }
  });

  function add() {
    rows.querySelector(".empty")?.remove();
    const number = made++;
    const row = document.createElement("div");
    row.className = "row";
    const key = field("tag-key-" + number, "tagKey", "Key");
    const button = document.createElement("button");
    button.type = "submit";
    button.className = "plain";
    button.name = "do";
    button.value = "remove-tag-" + number;
    button.textContent = "Remove tag";
    row.append(key, field("tag-value-" + number, "tagValue", "Value"), button);
    rows.append(row);
    key.querySelector("input").focus();
  }

  function remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (next?.querySelector("input") ?? editor.querySelector('button[value="add-tag"]')).focus();
  }
}

function field(id, name, text) {
  const div = document.createElement("div");
  div.className = "field";
  const label = document.createElement("label");
  label.htmlFor = id;
  label.textContent = text;
  const input = document.createElement("input");
  input.id = id;
  input.name = name;
  input.autocomplete = "off";
  div.append(label, input);
  return div;
}
