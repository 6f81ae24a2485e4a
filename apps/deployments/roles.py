"""What a connection does for an environment: the roles that playbooks speak of."""

ROLES = {
    "hosting": "Hosting",
    "flags": "Feature flags",
    "cache": "Cache",
    "chat": "Chat",
    "paging": "Paging",
    "database": "Database",
    "code": "Code",
    "tracker": "Tracker",
    "mail": "Mail",
    "status": "Status page",
    "errors": "Errors",
    "metrics": "Metrics",
    "backend": "Backend functions",
    "media": "Media",
    "payments": "Payments",
    "identity": "Users and sign-in",
}
