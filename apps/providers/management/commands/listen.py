"""bin/portal listen: hold lines open to providers that cannot reach this installation (Slack's Socket Mode)."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from apps.providers.line_keeping import keep_lines


class Command(BaseCommand):
    """Runs beside the workers until it is stopped."""

    help = "Holds a line open for every connection with an app-level token, until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        """Hold the lines."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stderr.write("Holding lines for connections that are set up for one. Stop with Ctrl-C.")
        keep_lines(stop)
