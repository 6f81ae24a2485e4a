// Manners of a live fragment: what the reader opened stays open, a row already here is not added twice, nothing steals the focus.
{
  const touched = new WeakSet();
  const GROWING = ["beforebegin", "afterbegin", "beforeend", "afterend"];

  document.addEventListener("click", (event) => {
    const summary = event.target.closest?.("summary");
    if (summary) touched.add(summary.parentElement);
  }, true);

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
