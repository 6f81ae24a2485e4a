"""What the outside probe can say: when errors rise above the limit, and when they are gone."""

from apps.timeline.kinds import kind

ERRORS_ROSE = kind("environment.errors_risen", "Errors of {environment} are above {limit}: {percent} of requests fail")
ERRORS_FELL = kind(
    "environment.errors_fallen", "Errors of {environment} are below {limit} again: {percent} of requests fail"
)
