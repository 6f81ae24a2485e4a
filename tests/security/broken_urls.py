"""One address that always fails, for whoever looks at what a mistake shows."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from rollback_portal.urls import handler500
from rollback_portal.urls import urlpatterns as ours

SECRET = "postgresql://portal:hunter2@db/portal"


@login_not_required
def fail(request: HttpRequest) -> HttpResponse:
    """Fail as a programming error does, with a secret in its words."""
    raise RuntimeError(SECRET)


urlpatterns = [path("fails/", fail), path("api/v1/fails", fail), *ours]
__all__ = ["handler500", "urlpatterns"]
