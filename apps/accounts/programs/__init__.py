"""What every app needs to speak to programs. Only rollback_portal/api.py mounts the apps' routers.

An app's `api.py`:

    from ninja import Query, Router, Status
    from apps.accounts import programs

    router = Router(tags=["incidents"])

    class NewIncident(programs.Body):               # unknown fields are refused by name
        title: str = Field(min_length=1, max_length=200)
        service: str

    class Incidents(programs.Listing):              # has after and limit; add filters here
        state: str | None = None

    @router.get("/incidents", summary="List incidents")
    def list_incidents(request, listing: Query[Incidents]):
        rows = Incident.objects.filter(organisation=request.organisation)
        return programs.page(request, rows, order="-declared_at", render=as_json)

    @router.post("/incidents", response={201: dict}, summary="Declare an incident")
    @programs.idempotent                            # under the route; gives the transaction too
    def create_incident(request, body: NewIncident):
        programs.require_scope(request, programs.WRITE)
        service = programs.refer(Service, request, "service", slug=body.service)   # 422 unknown_reference
        incident = lifecycle.declare(service, by=programs.person_of(request), title=body.title)
        return Status(201, as_json(incident))

    @router.get("/incidents/{id}", summary="One incident")
    def get_incident(request, id: str):
        return as_json(programs.find(Incident, request, pk=id))                     # 404

- `request.token`, `request.organisation`, `request.person` (None for a service token), `request.actor`.
- `person_of(request)` where a human is needed (403 for a service token), `actor_of(request)` where a program
  may act.
- Raise Refused / Forbidden / Missing / Unacceptable(…, field="name"); they become problem+json.
- Paths are written in full from the API's root, without a slash at the end: the router is mounted at "".
- Query parameters that the view does not declare are refused; path ids are plain `str`.
- Several bodies in one view are not supported; raw bodies (YAML, Markdown) are read from `request.body`.
- A list that is computed, not queried: `page_of_list(request, rows, render=…)`.
- A view that reads providers first: `@idempotent_after_reading`, returning the deed as a function.
- A stream is a plain `def` that returns StreamingHttpResponse over an async generator.
- `is_fresh(request)` is true for a token with the scope `approve`.
"""

from apps.accounts.programs.bearer import (
    ADMIN,
    APPROVE,
    READ,
    WRITE,
    Bearer,
    Service,
    actor_of,
    person_of,
    require_scope,
)
from apps.accounts.programs.bodies import Body, Listing, is_overgrown, read_json
from apps.accounts.programs.idempotency import idempotent, idempotent_after_reading
from apps.accounts.programs.paging import page, page_of_list, slice_of
from apps.accounts.programs.problems import Encoded, TooLarge, TooOften, Unauthenticated, problem, problem_of
from apps.accounts.programs.references import find, refer

__all__ = [
    "ADMIN",
    "APPROVE",
    "READ",
    "WRITE",
    "Bearer",
    "Body",
    "Encoded",
    "Listing",
    "Service",
    "TooLarge",
    "TooOften",
    "Unauthenticated",
    "actor_of",
    "find",
    "idempotent",
    "idempotent_after_reading",
    "is_overgrown",
    "page",
    "page_of_list",
    "person_of",
    "problem",
    "problem_of",
    "read_json",
    "refer",
    "require_scope",
    "slice_of",
]
