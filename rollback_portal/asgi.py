"""The web door: one ASGI application for pages, API and streams."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_portal.settings")

application = get_asgi_application()
