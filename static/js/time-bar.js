// <time-bar since limit> fills up to its limit; <time-bar since until> empties. Between frames only; the server draws it too.
customElements.define("time-bar", class extends HTMLElement {
  connectedCallback() {
    this.tick = () => this.render();
    document.addEventListener("portal:tick", this.tick);
  }

  disconnectedCallback() {
    document.removeEventListener("portal:tick", this.tick);
  }

  render() {
    const since = Date.parse(this.getAttribute("since"));
    if (isNaN(since)) return;
    const until = Date.parse(this.getAttribute("until"));
    const share = isNaN(until)
      ? (portal.now() - since) / 1000 / Number(this.getAttribute("limit"))
      : (until - portal.now()) / (until - since);
    this.querySelector(".fill")?.setAttribute("width", `${Math.min(100, Math.max(0, share * 100)).toFixed(2)}%`);
  }
});
