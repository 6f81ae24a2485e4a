// [data-announce] inside a live fragment: what a screen reader hears, at most one sentence in five seconds, the newest one.
{
  const region = document.querySelector("[data-live-said]");
  let heard = document.querySelector("[data-announce]")?.textContent.trim();
  let last = 0, timer;

  function say() {
    const sentence = document.querySelector("[data-announce]")?.textContent.trim();
    if (!region || !sentence || sentence === heard) return;
    clearTimeout(timer);
    const wait = last + 5000 - Date.now();
    if (wait > 0) {
      timer = setTimeout(say, wait);
      return;
    }
    [heard, last] = [sentence, Date.now()];
    region.textContent = sentence;
  }

  document.addEventListener("htmx:after:swap", say);
}
