"""Which style sheets and scripts every page loads, in order; there is no build step."""

from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

SHEETS = (
    *("layers", "tokens", "base", "shell", "card", "button", "form", "state", "approval", "steps", "chart"),
    *("timeline", "table", "difference", "dialog", "rollback"),
)
VENDOR = ("htmx.min", "hx-sse.min")
SCRIPTS = (
    *("words", "relative-time", "count-down", "elapsed-time", "wall-clock", "time-bar", "local-times"),
    *(
        "live-stream",
        "live-indicator",
        "page-state",
        "announce",
        "keep-open",
        "log-tail",
        "copy-button",
        "theme-switch",
    ),
    *("dialogs", "menus", "unsaved-guard", "shortcuts", "request-errors", "fold-on-phone", "passkeys"),
)


def stylesheets() -> SafeString:
    """Links to every style sheet; the one for paper does not hold up the screen."""
    links = format_html_join(
        "\n", '<link rel="stylesheet" href="{}">', ((static(f"css/{name}.css"),) for name in SHEETS)
    )
    return links + format_html('\n<link rel="stylesheet" href="{}" media="print">', static("css/print.css"))


def scripts() -> SafeString:
    """The theme before the first paint, everything else deferred, in order."""
    names = [f"vendor/{name}.js" for name in VENDOR] + [f"js/{name}.js" for name in SCRIPTS]
    deferred = format_html_join("\n", '<script defer src="{}"></script>', ((static(name),) for name in names))
    return format_html('<script src="{}"></script>\n', static("js/theme.js")) + deferred
