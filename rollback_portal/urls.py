"""Every address of the portal."""

from django.conf import settings
from django.urls import include, path

from rollback_portal import health
from rollback_portal.api import open_addresses
from rollback_portal.gallery import gallery

handler400 = "rollback_portal.errors.bad_request"
handler403 = "rollback_portal.errors.forbidden"
handler404 = "rollback_portal.errors.not_found"
handler429 = "rollback_portal.errors.too_often"
handler500 = "rollback_portal.errors.broken"

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("api/v1/", open_addresses()),
    path("accounts/", include("apps.accounts.sign_in_urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.providers.urls")),
    path("approvals/", include("apps.approvals.urls")),
    path("", include("apps.approvals.rule_urls")),
    path("", include("apps.deployments.urls")),
    path("", include("apps.playbooks.urls")),
    path("", include("apps.incidents.urls")),
    path("", include("apps.checklists.urls")),
    path("rollbacks/", include("apps.rollbacks.urls")),
    path("", include("apps.communications.urls")),
    path("", include("apps.timeline.urls")),
]
if settings.DEBUG or settings.MODE == "demo":
    urlpatterns += [
        path("gallery", gallery, name="gallery"),
        path("gallery/<slug:page>", gallery, name="gallery_page"),
    ]
