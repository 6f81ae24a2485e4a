"""What can be said of a rollback: past tense, one sentence each."""

from apps.timeline.kinds import kind

PROPOSED = kind("rollback.proposed", "{actor} proposed: {title}")
PLANNED_AGAIN = kind(
    "rollback.planned_again", "{actor} planned again: {title}. Earlier votes no longer count."
)
STARTED = kind("rollback.approved", "Approved: {title}")
AUTHORISED = kind("rollback.authorised", "{title} starts without a vote, as {rule} says.")
REJECTED = kind("rollback.rejected", "{actor} rejected: {title}")
EXPIRED = kind("rollback.expired", "Nobody decided in time: {title}. Nothing was changed.")
BEGUN = kind("rollback.started", "{title} started.")
STEP_STARTED = kind("rollback.step_started", "Step {position} started: {name}")
ATTEMPT_INTENDED = kind(
    "rollback.attempt_intended", "Step {position}: asking {provider} ({name}), attempt {number}."
)
ATTEMPT_ENDED = kind("rollback.attempt_ended", "Step {position}: {message}")
ALREADY = kind("rollback.step_already_so", "Step {position}: nothing needed to be sent. {message}")
VERIFYING = kind("rollback.step_accepted", "Step {position}: accepted; proving that it took effect.")
SERVING = kind("rollback.step_seen", "Step {position}: {message}")
STEP_SUCCEEDED = kind("rollback.step_succeeded", "Step {position} is done: {name}. {message}")
STEP_FAILED = kind("rollback.step_failed", "Step {position} failed: {name}. {message}")
STEP_CONTINUED = kind(
    "rollback.step_passed_over", "Step {position} failed and the plan goes on: {name}. {message}"
)
NEEDS_OPERATOR = kind("rollback.person_needed", "{title} needs a person: {reason}")
WAITS_FROZEN = kind("rollback.held_by_freeze", "{title} waits: rollbacks are frozen here.")
SUCCEEDED = kind("rollback.succeeded", "{title} is proven healthy.")
FAILED = kind("rollback.failed", "{title} failed: {reason}")
PAUSE_ASKED = kind("rollback.pause_asked", "{actor} asked to pause before the next step: {reason}")
PAUSED = kind("rollback.paused", "{title} is paused. {reason}")
RESUMED = kind("rollback.resumed", "{actor} resumed {title}: {reason}")
CANCEL_ASKED = kind("rollback.cancellation_asked", "{actor} cancelled {title}: {reason}")
CANCELLED = kind("rollback.cancelled", "{title} is cancelled. {summary}")
RETRIED = kind("rollback.retry_asked", "{actor} asked to try step {position} again: {reason}")
SKIP_ASKED = kind("rollback.skip_asked", "{actor} asked to leave out step {position}: {reason}")
SKIPPED = kind("rollback.step_skipped", "Step {position} is left out: {name}. {reason}")
ADOPTION_ASKED = kind("rollback.adoption_asked", "{actor} says step {position} has happened: {reason}")
ADOPTED = kind(
    "rollback.step_adopted", "Step {position} is taken as done, on the word of people: {name}. {reason}"
)
HUMAN_DONE = kind("rollback.step_done_by_person", "{actor} did step {position}: {name}. {reason}")
COMPENSATING = kind(
    "rollback.compensation_started", "{title}: putting back what was changed, last step first."
)
COMPENSATED = kind("rollback.step_put_back", "Step {position} was put back: {name}.")
