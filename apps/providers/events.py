"""What can be said of a connection. Its credentials are never part of it."""

from apps.timeline.kinds import kind

CREATED = kind("connection.created", "{actor} connected {provider} as “{name}”.")
CREDENTIALS_REPLACED = kind("connection.credentials_replaced", "{actor} replaced the credentials of “{name}”.")
RECEIVED = kind("hook.received", "{provider} sent “{event}” to the connection “{name}”.", fine=True)
CHECKED = kind("connection.checked", "{actor} checked the connection “{name}”: {result}.")
