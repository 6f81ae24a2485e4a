// Say in words whether the page is live, and hold the buttons of [data-needs-live] while it is not.
{
  const lamp = document.querySelector("[data-live]");
  const said = document.querySelector("[data-live-said]");
  const banner = document.querySelector("[data-stale-banner]");
  let shown = "", focused = null;

  const since = (heardAt) => portal.wording(new Date(heardAt), "seconds");
  const words = {
    live: (heardAt) => ["Live", ` ${portal.age((Date.now() - heardAt) / 1000)} ago`],
    reconnecting: (heardAt, never) => (never ? ["Connecting", ""] : ["Reconnecting", `, last heard ${portal.age((Date.now() - heardAt) / 1000)} ago`]),
    stale: (heardAt) => [`Stale since ${since(heardAt)}`, ", not live"],
  };

  function hold(on) {
    if (on) {
      for (const button of document.querySelectorAll(":is([data-needs-live] :is(button, input[type=submit]), button[data-needs-live]):not(:disabled)")) {
        if (button.getAttribute("command") === "close" || button.closest("[data-works-stale]")) continue;
        if (button === document.activeElement) focused = button;
        button.disabled = true;
        button.dataset.held = "";
      }
      return;
    }
    for (const button of document.querySelectorAll("[data-held]")) {
      button.disabled = false;
      delete button.dataset.held;
    }
    if (focused && document.activeElement === document.body) focused.focus({ preventScroll: true });
    focused = null;
  }

  document.addEventListener("portal:live", ({ detail: { state, heardAt, never } }) => {
    document.documentElement.dataset.pageLive = state;
    if (lamp) {
      const [fact, more] = words[state](heardAt, never);
      lamp.hidden = false;
      lamp.dataset.live = state;
      const bold = lamp.querySelector("b"), rest = lamp.querySelector(".live-more");
      if (bold.textContent !== fact) bold.textContent = fact;
      if (rest.textContent !== more) rest.textContent = more;
    }
    hold(state === "stale");
    if (state === shown) return;
    if (banner) {
      banner.querySelector("[data-stale-since]").textContent = `${since(heardAt)} ${portal.zoneName(new Date())}`;
      banner.hidden = state !== "stale";
    }
    if (said && shown === "stale" && state === "live") said.textContent = "Live again.";
    shown = state;
  });

  document.addEventListener("submit", (event) => {
    if (shown === "stale" && event.target.closest("[data-needs-live]")) event.preventDefault();
  }, true);
}
