"""Every address of the portal."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import TemplateView

from rollback_portal.api import open_addresses

handler400 = "rollback_portal.errors.bad_request"
handler403 = "rollback_portal.errors.forbidden"
handler404 = "rollback_portal.errors.not_found"
handler500 = "rollback_portal.errors.broken"

urlpatterns = [
    path("", include("apps.accounts.urls")),
    path("accounts/", include("apps.accounts.sign_in_urls")),
    path("api/v1/", open_addresses()),
]
if settings.DEBUG or settings.MODE == "demo":
    gallery = login_not_required(TemplateView.as_view(template_name="gallery.html"))
    urlpatterns.append(path("gallery", gallery, name="gallery"))
