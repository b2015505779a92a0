// What the pages do beyond HTML. Everything here is a comfort: pages work without it.
import { enhanceGroup } from "./groups.js";
import { enhanceTags } from "./tags.js";
import "./live.js";
import { enhanceFrames } from "./watch.js";

// On a narrow page the menu is a row that scrolls; the entry of this page is in sight.
document.querySelector(".menu a[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// A form that came back with faults begins with them.
document.getElementById("summary")?.focus();

for (const editor of document.querySelectorAll("fieldset.tags")) {
  enhanceTags(editor);
}

for (const group of document.querySelectorAll("fieldset.group")) {
  enhanceGroup(group);
}

for (const section of document.querySelectorAll("[data-frames]")) {
  enhanceFrames(section);
}
