// The live page: one stream per page, a watchdog that knows when it has gone silent, and plain GETs where streams fail.
//
// Markup    <div data-stream="/rollbacks/1/stream/" data-cursor="812" data-poll="/rollbacks/1/progress/"></div>   (one per page, outside
//           every fragment; data-poll is optional but without it there is no fallback)
// Request   GET <data-stream>?after=<cursor>, Accept: text/event-stream; a reconnect adds Last-Event-ID. The server takes the larger.
// Answer    200 text/event-stream, never a redirect. 401, 403, 404 and 410 end the stream for good; anything else is tried again.
//           `id: <number>` + `data: <html>` without `event:` is a frame: nothing but
//           <hx-partial hx-target="#progress" hx-swap="outerMorph"><div id="progress">…</div></hx-partial>, any number of them.
//           After every (re)connect the first frame holds a full fresh fragment of each topic; only then is the page live again.
//           Rows may be appended (hx-swap="afterbegin" or "beforeend", target the list) if each row has an id: a repeated row is dropped.
//           `event: hb` + `data: {}` without id every 4 s. `retry: <ms>` counts only inside a block that has data or event.
// Poll      GET <data-poll> answers 200 text/html with the same partials. Used every 5 s after three failures, every 15 s in a
//           hidden tab (htmx closes the stream there), and once when the tab comes back.
// Tells     document hears "portal:live" with {state: live | reconnecting | stale, heardAt, never}; live-indicator.js shows it.
{
  const SILENT = 6000, STALE = 9000, POLL = 5000, HIDDEN_POLL = 15000, HIDDEN_STALE = 75000, TRIES = 3; // milliseconds, tries
  const ENDED = [401, 403, 404, 410];

  class LiveStream {
    heardAt = Date.now(); // the page itself was just read
    openedAt = Date.now();
    polledAt = 0;
    failures = 0; // attempts in a row that brought no message
    connected = false; // this connection has brought a message
    fresh = true; // what is shown is as new as this connection
    lost = false; // silent for too long; only a frame or a poll ends it
    ended = false; // the server said that there is nothing here for us

    constructor(source) {
      this.source = source;
      this.lastId = source.dataset.cursor || "";
      const on = (name, deed) => source.addEventListener(name, (event) => event.target === source && deed(event));
      on("htmx:sse:before:connection", (event) => this.connecting(event));
      on("htmx:sse:after:connection", () => (this.openedAt = Date.now()));
      on("htmx:sse:before:message", (event) => this.heard(event.detail.message));
      on("htmx:sse:error", (event) => ENDED.includes(event.detail.status) && this.end());
      on("htmx:sse:close", () => this.later());
      on("htmx:error", () => this.refused());
      on("htmx:after:request", (event) => this.refused(event.detail.ctx.response.status));
      document.addEventListener("visibilitychange", () => document.hidden || this.watch());
      source.setAttribute("hx-swap", "none");
      source.setAttribute("hx-trigger", "portal:never"); // htmx may start before or after this file: only open() connects
      source.setAttribute("hx-sse:connect", source.dataset.stream);
      setInterval(() => this.watch(), 500);
      this.open();
    }

    address() {
      const { stream } = this.source.dataset;
      return `${stream}${stream.includes("?") ? "&" : "?"}after=${encodeURIComponent(this.lastId)}`;
    }

    connecting(event) {
      this.connection = event.detail.connection;
      const again = this.connection.attempt > 0;
      if (again) {
        this.failures += 1;
        [this.connected, this.fresh] = [false, false];
      }
      if (this.ended || (again && this.failures > TRIES)) event.preventDefault(); // closes; later() goes on at a calmer pace
    }

    refused(status = 0) { // the very first request of a connection failed
      this.failures += 1;
      if (ENDED.includes(status)) this.end();
      else this.later();
    }

    later() {
      if (this.ended) return;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.open(), (this.failures > TRIES ? 4000 : 700 * 2 ** this.failures) * (0.8 + 0.4 * Math.random()));
    }

    open() {
      if (this.source._htmx?.sse || document.hidden) return document.hidden ? this.later() : undefined;
      const headers = this.lastId ? { "Last-Event-ID": this.lastId } : {};
      if (this.failures) [this.connected, this.fresh] = [false, false];
      htmx.ajax("GET", this.address(), { source: this.source, swap: "none", timeout: 3000, headers });
    }

    heard(message) {
      this.heardAt = Date.now();
      this.connected = true;
      this.failures = 0;
      if (message.id) this.lastId = message.id;
      if (!message.event) [this.fresh, this.lost] = [true, false];
      this.tell();
    }

    end() {
      this.ended = this.lost = true;
      this.tell();
    }

    async poll() {
      this.polledAt = Date.now();
      const answer = await fetch(this.source.dataset.poll, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(4000) });
      if (ENDED.includes(answer.status)) return this.end();
      const text = await answer.text();
      if (!answer.ok || !text.includes("<hx-partial")) return; // a sign-in page is not news
      await htmx.swap({ sourceElement: this.source, target: this.source, text, swap: "none" });
      this.heardAt = this.answeredAt = Date.now();
      this.lost = false;
      this.tell();
    }

    watch() {
      const now = Date.now(), { reader } = this.connection ?? {};
      if (now - this.heardAt >= (document.hidden ? HIDDEN_STALE : STALE)) this.lost = true;
      if (!document.hidden && reader && now - Math.max(this.heardAt, this.openedAt) > SILENT) reader.cancel();
      const every = document.hidden ? HIDDEN_POLL : this.failures >= TRIES ? POLL : this.lost ? POLL : Infinity;
      if (this.source.dataset.poll && !this.ended && now - this.polledAt >= every) this.poll().catch(() => this.tell());
      this.tell();
    }

    state() {
      if (this.lost) return "stale";
      const silence = Date.now() - this.heardAt;
      if (this.connected && this.fresh && silence < SILENT) return "live";
      return Date.now() - (this.answeredAt ?? 0) < SILENT ? "live" : "reconnecting";
    }

    tell() {
      const { heardAt, connected } = this;
      document.dispatchEvent(new CustomEvent("portal:live", { detail: { state: this.state(), heardAt, never: !connected && !this.failures } }));
    }
  }

  const source = document.querySelector("[data-stream]");
  if (source) portal.stream = new LiveStream(source);
}
