"use strict";
// Chooses which variant a page shows. Everything is in the page already; without this script it shows the model as it
// stands, and the table of all that was varied.
(() => {
  const choice = document.getElementById("choice");
  const panels = new Map();
  for (const panel of document.querySelectorAll("[data-choice]")) panels.set(panel.dataset.choice, panel);

  const show = (name) => {
    const variant = panels.has(name) ? name : "";
    for (const [key, panel] of panels) panel.hidden = key !== variant;
    choice.value = variant;
    for (const row of document.querySelectorAll("[data-users]")) {
      row.classList.toggle("silent", !row.dataset.users.split(" ").includes(variant || "-"));
    }
    for (const row of document.querySelectorAll("[data-varied]")) {
      row.classList.toggle("chosen", variant !== "" && row.dataset.varied === variant);
    }
    document.documentElement.dataset.shown = variant;
    const answer = panels.get(variant).querySelector(".here") ?? document.querySelector(".answer");
    document.getElementById("announcement").textContent = answer.textContent;
  };

  const follow = () => {
    if (!location.hash.startsWith("#variant-")) return;
    const variant = location.hash.slice("#variant-".length);
    show(variant);
    // It was not there to go to before it was shown.
    (panels.get(variant) ?? panels.get("")).scrollIntoView();
  };

  if (choice && panels.size > 1) {
    document.getElementById("chooser").hidden = false;
    show("");
    choice.addEventListener("change", () => {
      show(choice.value);
      history.replaceState(null, "", choice.value ? `#variant-${choice.value}` : "#answers");
    });
    window.addEventListener("hashchange", follow);
    follow();
  }

  const open = [];
  window.addEventListener("beforeprint", () => {
    // What is left out fills pages: on paper its headings do, unless somebody has opened them.
    for (const part of document.querySelectorAll("details:not([open]):not(#left-out *)")) {
      part.open = true;
      open.push(part);
    }
  });
  window.addEventListener("afterprint", () => {
    for (const part of open.splice(0)) part.open = false;
  });
})();
