"""A process that has imported everything, opened nothing and started no thread: it forks workers, webs and beats.

`python -m tests.faults.zygote` takes one JSON order per line on stdin, `{"fork": role, "log": path, "env": {…},
"aspects": {…}}`, and answers `{"pid": …}`; whenever a child has ended it says `{"ended": pid, "code": …}` (negative:
the signal). A rebirth costs milliseconds instead of the seconds that importing Django takes.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import sys
import traceback
from typing import Any

from tests.faults import roles


def main() -> None:
    """Serve orders until stdin ends; every child left is killed then."""
    roles.import_everything()
    gc.freeze()  # what is shared stays shared: a collection in a child would copy every page
    ear, bell = os.pipe()
    for end in (ear, bell):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C belongs to whoever gives the orders
    _say({"ready": os.getpid()})
    _serve(ear)


def _serve(ear: int) -> None:
    children: set[int] = set()
    heard = b""
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(ear, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd == ear:
                    with contextlib.suppress(BlockingIOError):
                        os.read(ear, 4096)
                    continue
                piece = os.read(0, 65536)
                if not piece:
                    return _end(children)
                *lines, heard = (heard + piece).split(b"\n")
                for line in lines:
                    children.add(_fork(json.loads(line)))
            _reap(children)


def _fork(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        _become(order)
    _say({"pid": pid})
    return pid


def _become(order: dict[str, Any]) -> None:
    """Turn this fork into what was ordered; never returns."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.closerange(3, 256)
        roles.dying_with_the_zygote()
        code = roles.play(order["fork"], order.get("env", {}), order.get("aspects", {}))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _reap(children: set[int]) -> None:
    for pid in list(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            children.discard(pid)
            _say({"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _end(children: set[int]) -> None:
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _say(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
