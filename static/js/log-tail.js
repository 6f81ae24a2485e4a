// <log-tail> around a log: it follows new lines while the reader is at the end, and lets go as soon as they scroll up.
customElements.define("log-tail", class extends HTMLElement {
  connectedCallback() {
    this.log = this.querySelector(".log");
    this.follows = true;
    this.log?.addEventListener("scroll", () => {
      this.follows = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 24;
    }, { passive: true });
    this.observer = new MutationObserver(() => this.follow());
    this.observer.observe(this, { childList: true, subtree: true });
    this.follow();
  }

  disconnectedCallback() {
    this.observer.disconnect();
  }

  follow() {
    if (this.follows && this.log) this.log.scrollTop = this.log.scrollHeight;
  }
});
