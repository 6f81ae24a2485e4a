"""The front door: an ASGI app that finds the provider of a call, journals it, applies faults and answers."""

import asyncio
import json
import logging
import time
from collections import deque
from typing import Any
from urllib.parse import parse_qs

from . import wire
from .control import Control
from .faults import AFTER, SPOILT, Fault, Faults
from .messages import Malformed, Refused, Request, Response
from .world import Refusal, Simulator, World

SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
REMEMBERED_REQUESTS = 2000
log = logging.getLogger(__name__)


class Front:
    """The ASGI app. `ports` maps a listening port to the one provider served at its root."""

    def __init__(self, world: World, ports: dict[int, str]) -> None:
        self.world = world
        self.ports = ports
        self.faults = Faults()
        self.requests: deque[dict[str, Any]] = deque(maxlen=REMEMBERED_REQUESTS)
        self.control = Control(self)

    async def __call__(self, scope: dict[str, Any], receive: wire.Receive, send: wire.Send) -> None:
        """One call from the socket to the answer."""
        if scope["type"] != "http":
            return
        body = await wire.whole_body(receive)
        if body is None:
            return
        request = _request(scope, body)
        slug = self.ports.get((scope.get("server") or ("", 0))[1], "")
        if not slug:
            slug, request.path = _without_prefix(request.path)
            request.address += f"/{slug}"
        head = request.method == "HEAD"
        if slug in self.world.simulators:
            await self._serve(self.world.simulators[slug], request, receive, send)
        else:
            await wire.send_whole(send, self.control.answer(slug, request), head=head)

    async def _serve(self, simulator: Simulator, request: Request, receive: wire.Receive, send: wire.Send) -> None:
        request.sent_path = request.path
        request.path = simulator.path(request.path)
        mutates = self._mutates(simulator, request)
        fault = self.faults.next_for(simulator.slug, request, mutates)
        entry = self._journalled(simulator.slug, request, fault) if mutates else None
        status, ending = await self._answered(simulator, request, entry, fault, receive, send)
        self._remember(simulator.slug, request, status, ending, mutates)
        if entry is not None:
            self.world.storage.answered(entry, status, ending)

    async def _answered(
        self,
        simulator: Simulator,
        request: Request,
        entry: int | None,
        fault: Fault | None,
        receive: wire.Receive,
        send: wire.Send,
    ) -> tuple[int | None, str]:
        kind = fault.kind if fault else ""
        if fault and kind == "hang_before":
            await wire.hang(receive, fault.seconds)
        if fault and kind == "delay":
            await asyncio.sleep(fault.seconds)  # and then it happens, even when the client has left
        if kind in ("hang_before", "reset_before"):
            wire.reset(send)
            return None, kind
        if fault and kind in ("status", "redirect"):
            response = self._instead(simulator, request, fault)
        else:
            response = self._handled(simulator, request, entry)
            await asyncio.sleep((self.world.settings(simulator.slug)["latency_ms"] + response.late_ms) / 1000)
        if fault and kind in AFTER:
            return await self._after(simulator, request, fault, receive, send)
        if fault and kind in SPOILT:
            await wire.spoil(send, response, fault)
            return response.status, kind
        await wire.send_whole(send, response, head=request.method == "HEAD")
        return response.status, kind or "answered"

    async def _after(
        self, simulator: Simulator, request: Request, fault: Fault, receive: wire.Receive, send: wire.Send
    ) -> tuple[int | None, str]:
        if fault.kind == "hang_after":
            await wire.hang(receive, fault.seconds)
        if fault.kind != "status_after":
            wire.reset(send)
            return None, fault.kind
        await wire.send_whole(send, self._instead(simulator, request, fault))
        return fault.status, fault.kind

    def _instead(self, simulator: Simulator, request: Request, fault: Fault) -> Response:
        """What the script wants said in place of the provider's answer, in the provider's shape."""
        if fault.kind == "redirect":
            return Response(307, b"", {"location": fault.location})
        if fault.body:
            return Response(fault.status, fault.body.encode(), {"content-type": "application/json"})
        refusal = Refusal(fault.status, "Scripted by the control door.", fault.retry_after)
        return simulator.finish(self.world, request, simulator.refuse(refusal))

    def _handled(self, simulator: Simulator, request: Request, entry: int | None) -> Response:
        """The provider's own answer, its effect committed before it is given."""
        slug = simulator.slug
        strict = entry is not None and self.world.settings(slug)["require_attempt_id"]
        if strict and not request.headers.get("x-attempt-id"):
            return simulator.refuse(Refusal(428, "This simulator is set to refuse changes without X-Attempt-Id."))
        past = self.faults.past_for(slug, request) if entry is None else None
        if past is not None:
            with self.world.looking_back(slug, past):
                return self._called(simulator, request)
        before = self.world.copy(slug) if entry is not None and self.faults.waiting_for_effect(slug) else None
        response = self._called(simulator, request)
        if request.effects:
            self.world.keep(slug, entry=entry, effects=request.effects)
            if before is not None:
                self.faults.remember(slug, before, request)
        return response

    def _called(self, simulator: Simulator, request: Request) -> Response:
        """The provider's answer; what it did not understand it refuses in its own words."""
        try:
            response = simulator.guard(self.world, request) or self._routed(simulator, request)
        except Refused as refused:
            response = refused.response
        except Malformed as error:
            response = simulator.refuse(Refusal(400, f"Invalid JSON: {error}"))
        except Exception:
            log.exception("The simulator of %s broke on %s %s.", simulator.slug, request.method, request.path)
            self.world.restore()
            request.effects.clear()
            response = simulator.refuse(Refusal(500, "The simulator itself broke; its log says why."))
        return simulator.finish(self.world, request, response)

    def _routed(self, simulator: Simulator, request: Request) -> Response:
        found = simulator.routes.find(request.method, request.path)
        if found:
            return found[0].handler(self.world, request, **found[1])
        known = simulator.routes.knows(request.path)
        return simulator.refuse(Refusal(405, "Method not allowed") if known else Refusal(404, "Not Found"))

    def _mutates(self, simulator: Simulator, request: Request) -> bool:
        if simulator.mutates is not None:
            return simulator.mutates(request)
        found = simulator.routes.find(request.method, request.path)
        return found[0].mutates if found else request.method not in ("GET", "HEAD", "OPTIONS")

    def _journalled(self, slug: str, request: Request, fault: Fault | None) -> int:
        return self.world.storage.received(
            slug=slug,
            method=request.method,
            path=request.sent_path,
            query=json.dumps(request.query),
            headers=json.dumps(_shown_headers(request)),
            digest=request.digest,
            body=request.body.decode("utf-8", "replace"),
            attempt_id=request.headers.get("x-attempt-id", ""),
            fault=fault.kind if fault else "",
            received_at=time.time(),
        )

    def _remember(self, slug: str, request: Request, status: int | None, ending: str, mutates: bool) -> None:
        self.requests.append(
            {
                "at": time.time(),
                "slug": slug,
                "method": request.method,
                "path": request.sent_path,
                "query": request.query,
                "mutates": mutates,
                "status": status,
                "ending": ending,
            }
        )


def _request(scope: dict[str, Any], body: bytes) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get("host") or ":".join(str(part) for part in scope.get("server") or ("127.0.0.1", 0))
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    raw = scope.get("raw_path") or scope["path"].encode()
    return Request(scope["method"], raw.decode("latin-1").partition("?")[0], query, headers, body, f"http://{host}")


def _without_prefix(path: str) -> tuple[str, str]:
    slug, _, rest = path.lstrip("/").partition("/")
    return slug, f"/{rest}"


def _shown_headers(request: Request) -> dict[str, str]:
    return {name: "•••" if name in SECRET_HEADERS else value for name, value in request.headers.items()}
