// Groups of rows without a way to the server for each row. Their buttons are those of the form; a
// <template> has an empty row, in which NUMBER stands for its number.

// enhanceGroup adds and removes rows in place.
export function enhanceGroup(group) {
  const blank = group.querySelector("template");
  let made = group.querySelectorAll(".block").length;

  group.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || button.name !== "do") {
      return;
    }
    event.preventDefault();
    if (button.value.startsWith("add-")) {
      add();
    } else {
      remove(button.closest(".block"));
    }
  });

  function add() {
    const row = blank.content.firstElementChild.cloneNode(true);
    const number = String(made++);
    for (const element of [row, ...row.querySelectorAll("*")]) {
      for (const attribute of element.attributes) {
        if (attribute.value.includes("NUMBER")) {
          attribute.value = attribute.value.replaceAll("NUMBER", number);
        }
      }
    }
    blank.before(row);
    row.querySelector("input, select").focus();
  }

  function remove(row) {
    const next = row.nextElementSibling?.matches(".block") ? row.nextElementSibling : row.previousElementSibling;
    row.remove();
    (next?.querySelector("input, select") ?? group.querySelector('button[value^="add-"]')).focus();
  }
}
