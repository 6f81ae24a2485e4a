// The words of rollback_portal/templatetags/words.py and times.py in the browser, and one tick a second for the whole page.
window.portal = (() => {
  const html = document.documentElement.dataset;
  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const drift = html.now ? Date.parse(html.now) - Date.now() : 0;
  const skew = Math.abs(drift) > 5000 ? drift : 0; // a browser whose clock is wrong is corrected by the server's
  const zone = html.zone || undefined;
  const pad = (number) => String(number).padStart(2, "0");
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, year: "numeric", month: "numeric", day: "numeric",
    hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });
  const offsets = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "longOffset" });
  const parts = (date, by = format) => Object.fromEntries(by.formatToParts(date).map(({ type, value }) => [type, value]));
  const offset = (date) => parts(date, offsets).timeZoneName.replace("GMT", "UTC").replace(/:00$/, "");

  const now = () => new Date(Date.now() + skew);
  const zoneName = (date) => (html.zoneName && offset(date) === offset(now()) ? html.zoneName : offset(date));
  const days = (count) => `${count} ${count === 1 ? "day" : "days"}`;

  function duration(seconds) {
    const s = Math.max(0, Math.floor(seconds));
    if (s < 60) return `${s} s`;
    if (s < 3600) return s % 60 ? `${Math.floor(s / 60)} min ${pad(s % 60)} s` : `${s / 60} min`;
    if (s < 86400) return s % 3600 >= 60 ? `${Math.floor(s / 3600)} h ${pad(Math.floor(s / 60) % 60)} min` : `${Math.floor(s / 3600)} h`;
    return days(Math.floor(s / 86400));
  }

  function age(seconds) {
    const s = Math.max(0, Math.floor(seconds));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min`;
    return s < 172800 ? `${Math.floor(s / 3600)} h` : days(Math.floor(s / 86400));
  }

  function clock(seconds) {
    const s = Math.max(0, Math.floor(seconds));
    const rest = `${Math.floor((s % 3600) / 60)}:${pad(s % 60)}`;
    return s < 3600 ? rest : `${Math.floor(s / 3600)}:${rest.padStart(5, "0")}`;
  }

  function wording(date, style) {
    const p = parts(date), today = parts(now()), seconds = (now() - date) / 1000;
    const month = MONTHS[p.month - 1];
    if (style === "age") return seconds < 0 ? `in ${age(-seconds)}` : `${age(seconds)} ago`;
    if (style === "old") return age(seconds);
    if (style === "day") return `${Number(p.day)} ${month} ${p.year}`;
    if (style === "full") return `${Number(p.day)} ${month} ${p.year}, ${p.hour}:${p.minute}:${p.second} ${zoneName(date)}`;
    const sameDay = p.day === today.day && p.month === today.month && p.year === today.year;
    const day = sameDay ? "" : `${Number(p.day)} ${month}${p.year === today.year ? "" : ` ${p.year}`}, `;
    const text = `${day}${p.hour}:${p.minute}${style === "seconds" ? `:${p.second}` : ""}`;
    if (style === "short" || style === "seconds") return text;
    return style === "both" ? `${text} ${zoneName(date)} (${wording(date, "age")})` : `${text} ${zoneName(date)}`;
  }

  setInterval(() => document.dispatchEvent(new Event("portal:tick")), 1000);
  return { now, duration, age, clock, wording, zoneName };
})();
