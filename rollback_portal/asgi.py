"""The web door: one ASGI application for pages, API and streams."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

from rollback_portal.environment import refuse_guessable_key

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_portal.settings")
refuse_guessable_key(settings.SECRET_KEY, unless=settings.DEBUG or settings.MODE == "demo")

application = get_asgi_application()
