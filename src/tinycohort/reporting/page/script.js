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
    const answer = panels.get(variant).querySelector(".here");
    document.getElementById("announcement").textContent = answer ? answer.textContent : "";
  };

  const asked = () => decodeURIComponent(location.hash).replace(/^#variant-/, "");

  const follow = () => {
    if (!location.hash.startsWith("#variant-")) return;
    show(asked());
    document.getElementById("answers").scrollIntoView();
  };

  if (choice && panels.size > 1) {
    document.getElementById("chooser").hidden = false;
    show("");
    choice.addEventListener("change", () => {
      show(choice.value);
      history.replaceState(null, "", choice.value ? `#variant-${choice.value}` : "#answers");
    });
    window.addEventListener("hashchange", follow);
    // The same variant asked for twice changes no address.
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href^='#variant-']");
      if (link && link.hash === location.hash) follow();
    });
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
