"""Speak HTTP with providers: the only module that imports httpx, and the only one that opens a connection to them.

It never follows a redirect, never uses a proxy from the environment, never repeats a mutating request, and it tells
apart the three ways an exchange can end: not sent (no byte of the request left), lost (it left, and no whole answer
came back), answered.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import httpx

from apps.providers import outbound
from apps.providers.base import ProviderError
from apps.providers.connecting import deadline, guarded_pool, sent_nothing_yet
from apps.providers.redaction import redact
