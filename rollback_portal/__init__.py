"""Wiring only: settings, addresses, the API's root, the web door, Celery, and the instance that runs it all."""
