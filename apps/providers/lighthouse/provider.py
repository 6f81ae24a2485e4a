"""Lighthouse CI: measure the scores of the newest build, and how far they are from a baseline."""

from __future__ import annotations

from apps.providers.base import Access, Call, Check, CheckResult, Field, Finding, Parameter
from apps.providers.examining import ReadsOnly, ends_in_a_check_result, measured
from apps.providers.lighthouse import checking, comparing
from apps.providers.lighthouse.wire import API

CATEGORIES = ("performance", "accessibility", "best-practices", "seo", "pwa")
CATEGORY = Parameter("category", "Category", kind="choice", choices=CATEGORIES)
URL = Parameter("url", "Page", required=False, help="Address as it was measured; the worst page when empty.")
# Lighthouse CI tells single builds by the moment they were run, so it has no finest window of its own: a window without
# a build is told as “nothing is known”.
SCORE = Check("score", "Lighthouse score", parameters=(CATEGORY, URL), unit="points")
CHANGE = Check(
    "change",
    "Change of the Lighthouse score",
    parameters=(
        CATEGORY,
        URL,
        Parameter("baseline", "Baseline", required=False, help="A commit; the base branch's build before when empty."),
    ),
    unit="points",
)


class Lighthouse(ReadsOnly):
    """One project on a Lighthouse CI server."""

    slug = "lighthouse"
    name = "Lighthouse CI"
    default_base_url = API.default_base_url
    settings = (
        Field("project", "Project", help="Its slug, as in the address of its page, or its id.", placeholder="portal"),
        Field("branch", "Branch", required=False, help="Whose builds count; the project's base branch when empty."),
    )
    credentials = (
        Field("username", "User", required=False, help="Of Basic sign-in, “lhci” when empty."),
        Field("password", "Password", required=False, help="Where the server has one."),
    )
    checks = (SCORE, CHANGE)
    roles = ("metrics",)
    support = "https://github.com/GoogleChrome/lighthouse-ci/issues"

    def check(self, access: Access) -> list[Finding]:
        """Look for the server, the project and its builds; change nothing."""
        return checking.findings(access)

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Measure the newest build in the window."""
        read = comparing.change if call.action == "change" else comparing.score
        found = read(access, call.parameters)
        result = measured(
            self.declared_check(call.action), call.parameters, found.value, samples=found.pages, as_of=found.run_at
        )
        pages = "1 page" if found.pages == 1 else f"the worst of {found.pages} pages"
        which = ("done", f"Of the build {found.build}, {pages}.")
        return CheckResult(
            result.holds,
            result.message,
            (*result.readings, which),
            result.value,
            result.window_seconds,
            result.samples,
            result.as_of,
        )
