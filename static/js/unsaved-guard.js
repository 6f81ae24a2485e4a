// <form data-guard>: the browser asks before work that was typed and not sent is thrown away.
{
  const changed = new Set();
  document.addEventListener("input", ({ target }) => target.form?.matches("[data-guard]") && changed.add(target.form));
  document.addEventListener("submit", ({ target }) => changed.delete(target));
  document.addEventListener("reset", ({ target }) => changed.delete(target));
  addEventListener("beforeunload", (event) => {
    if ([...changed].some((form) => form.isConnected)) event.preventDefault();
  });
}
