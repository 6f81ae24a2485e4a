"""What can be said of services, environments, deployments, pins and freezes."""

from apps.timeline.kinds import kind

SERVICE_CREATED = kind("service.created", "{actor} added the service {service}.")
ENVIRONMENT_CREATED = kind("environment.created", "{actor} added {environment} to {service}.")
ENVIRONMENT_CHANGED = kind("environment.changed", "{actor} changed {environment} of {service}: {changes}.")
REGISTERED = kind("deployment.registered", "{actor} registered {version} of {service} in {environment}{live}.")
MARKED_GOOD = kind("deployment.marked_good", "{actor} marked {version} of {service} as good: {reason}")
MARKED_UNFIT = kind("deployment.marked_unfit", "{actor} marked {version} of {service} as unfit to go back to: {reason}")
WENT_LIVE = kind("deployment.went_live", "{version} is live in {service} {environment}; before it was {previous}.")
PINNED = kind(
    "environment.pinned",
    "{service} {environment} is pinned to {version}: new releases are built but do not go live.",
)
UNPINNED = kind("environment.unpinned", "{service} {environment} is no longer pinned: new releases go live again.")
REDEPLOYMENT_ASKED = kind(
    "deployment.redeployment_asked",
    "{actor} asked to deploy {version} to {service} {environment} after the rollback. Root cause: {root_cause}",
)
REDEPLOYMENT_ALLOWED = kind(
    "deployment.redeployment_allowed", "{version} may go out to {service} {environment} again, as others agreed."
)
FROZEN = kind("freeze.made", "{actor} stopped {stops} of {scope}: {reason}")
LIFTING_ASKED = kind("freeze.lifting_asked", "{actor} asked to allow {stops} of {scope} again: {reason}")
LIFTED = kind("freeze.lifted", "{stops} of {scope} are allowed again; {actor} agreed.")
