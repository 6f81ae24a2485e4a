"""Provider endpoints that are not ours: small HTTP servers that speak only what the providers' own pages document.

They know nothing of the product and share no code with it or with its simulators. Each keeps a journal of every
request, and can be told to misbehave once or for ever.
"""

from tests.acceptance.foreign.hook import Hook
from tests.acceptance.foreign.launchdarkly import LaunchDarkly
from tests.acceptance.foreign.pagerduty import PagerDuty
from tests.acceptance.foreign.serving import Entry, Fault, Foreign
from tests.acceptance.foreign.site import Site
from tests.acceptance.foreign.slack import Slack
from tests.acceptance.foreign.upstash import Upstash
from tests.acceptance.foreign.vercel import Vercel

__all__ = ["Entry", "Fault", "Foreign", "Hook", "LaunchDarkly", "PagerDuty", "Site", "Slack", "Upstash", "Vercel"]
