// Manners of a live fragment: what the reader opened stays open, what they ticked or typed for a vote stays, a row already here
// is not added twice, nothing steals the focus.
{
  const touched = new WeakSet();
  const GROWING = ["beforebegin", "afterbegin", "beforeend", "afterend"];

  document.addEventListener("click", (event) => {
    const summary = event.target.closest?.("summary");
    if (summary) touched.add(summary.parentElement);
  }, true);

  // The ballot is made anew when others vote or a worker comes back; its answers belong to the reader and to the plan they read.
  const given = new Map();
  const read = () => document.querySelector("#rb-vote [name=plan_hash]")?.value;
  const nameOf = (field) => [read(), field.id, field.type === "checkbox" ? field.value : ""].join(" ");
  const keep = (field) => given.set(nameOf(field), field.type === "checkbox" ? field.checked : field.value);
  document.addEventListener("input", ({ target }) => target.id && target.closest("#rb-vote") && keep(target));
  // What came back filled in, because the password was asked for in between, is the reader's too.
  for (const field of document.querySelectorAll("#rb-vote input[id]")) if (field.type === "checkbox" ? field.checked : field.value) keep(field);
  new MutationObserver(() => {
    if (!given.size) return;
    for (const field of document.querySelectorAll("#rb-vote input[id]")) {
      if (!given.has(nameOf(field))) continue;
      const part = field.type === "checkbox" ? "checked" : "value";
      if (field[part] !== given.get(nameOf(field))) field[part] = given.get(nameOf(field));
    }
  }).observe(document.documentElement, { childList: true, subtree: true });

  htmx.registerExtension("keep-open", {
    htmx_before_morph_attr: (element, { attrName }) =>
      !(attrName === "open" && (element.localName === "dialog" || touched.has(element))),

    htmx_before_swap: (source, { tasks }) => {
      for (const { swapSpec, fragment } of source.dataset?.stream ? tasks : []) {
        for (const element of fragment.querySelectorAll("[autofocus]")) element.removeAttribute("autofocus");
        if (!GROWING.includes(swapSpec?.style)) continue;
        for (const row of [...fragment.children]) if (row.id && document.getElementById(row.id)) row.remove();
      }
    },
  });
}
