// The search. It reads its index when it is first used: a script, so that it works for pages opened from files, too.
"use strict";

(() => {
  const SHOWN_MAX = 60;
  const root = document.currentScript.dataset.root;
  const element = (id) => document.getElementById("page:" + id);
  let index = null;
  let isLoading = false;

  // "to_string" and "to-string" are one name.
  const normal = (text) => text.toLowerCase().replaceAll("_", "-");

  // Called by the script with the index.
  window.lucarneSearch = (content) => {
    index = content.names.map(([name, kind, holder, page, id, aliases]) => ({
      name,
      kind: content.kinds[kind],
      holder,
      url: root + content.pages[page] + (id ? "#" + id : ""),
      key: normal(name),
      path: normal(holder + "." + name),
      aliases: normal(aliases || "").split("\n"),
    }));
    show();
  };

  const load = () => {
    if (isLoading) return;
    isLoading = true;
    const script = document.createElement("script");
    script.src = root + "assets/search-index.js";
    script.onerror = () => {
      isLoading = false;
      element("status").textContent = "The index of the search cannot be read.";
    };
    document.head.append(script);
  };

  // Returns how far a name is from the query; null if it does not fit.
  const distance = (item, query) => {
    if (item.key === query) return 0;
    if (item.key.startsWith(query)) return 1;
    if (item.path === query || item.path.endsWith("." + query)) return 1;
    if (item.key.includes("-" + query) || item.key.includes("." + query)) return 2;
    if (item.aliases.includes(query)) return 2;
    if (item.key.includes(query)) return 3;
    if (item.path.includes(query)) return 4;
    return null;
  };

  const find = (query) => {
    const found = [];
    for (const item of index) {
      const far = distance(item, query);
      if (far !== null) found.push([far, item.name.length, item]);
    }
    found.sort((a, b) => a[0] - b[0] || a[1] - b[1] || (a[2].path < b[2].path ? -1 : 1));
    return found.map((entry) => entry[2]);
  };

  const entry = (item) => {
    const link = document.createElement("a");
    link.href = item.url;
    const name = document.createElement("code");
    name.textContent = item.name;
    const place = document.createElement("span");
    place.textContent = `${item.kind} in ${item.holder}`;
    link.append(name, place);
    const row = document.createElement("li");
    row.append(link);
    return row;
  };

  const show = () => {
    const query = normal(element("query").value.trim());
    element("results").hidden = query === "";
    if (query === "") return element("found").replaceChildren();
    if (!index) {
      element("status").textContent = "Loading ...";
      return load();
    }
    const found = find(query);
    const count = found.length === 1 ? "1 result" : `${found.length} results`;
    const rest = found.length > SHOWN_MAX ? `, the first ${SHOWN_MAX} are shown` : "";
    element("status").textContent = count + rest;
    element("found").replaceChildren(...found.slice(0, SHOWN_MAX).map(entry));
  };

  const close = () => {
    element("query").value = "";
    show();
    element("query").focus();
  };

  // Moves the focus in the list of the query and the results.
  const move = (by) => {
    const stops = [element("query"), ...element("found").querySelectorAll("a")];
    const next = stops.indexOf(document.activeElement) + by;
    if (stops[next]) stops[next].focus();
  };

  const pressed = (event) => {
    const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    const isSearching = element("search").contains(document.activeElement)
        || element("results").contains(document.activeElement);
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "/" && !isTyping) element("query").focus();
    else if (!isSearching) return;
    else if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  };

  element("search").hidden = false;
  element("search").addEventListener("submit", (event) => {
    event.preventDefault();
    const first = element("found").querySelector("a");
    if (first) first.click();
  });
  element("query").addEventListener("input", show);
  element("query").addEventListener("focus", load);
  element("results").addEventListener("click", (event) => {
    // A place in the same page: nothing is loaded that would close the results.
    if (event.target.closest("a")) setTimeout(() => { element("results").hidden = true; });
  });
  document.addEventListener("keydown", pressed);
})();
