// A request that got no usable answer is said once, at the top, with what is known about it.
{
  const banner = document.querySelector("[data-request-banner]");
  const say = (words) => {
    if (!banner) return;
    banner.querySelector("[data-request-words]").textContent = words;
    banner.hidden = false;
  };
  const quiet = (event) => event.target.matches?.("[data-stream], [data-quiet]"); // what asks by itself asks again by itself

  document.addEventListener("htmx:error", (event) => {
    if (!quiet(event)) say("We do not know whether it was done. Read the page again before you repeat it.");
  });
  document.addEventListener("htmx:response:error", (event) => {
    const { status } = event.detail.ctx.response;
    if (status >= 500 && !quiet(event)) say(`It answered ${status}. We do not know whether it was done. Read the page again before you repeat it.`);
  });
}
