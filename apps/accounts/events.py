"""What can be said of organisations, people, roles and tokens."""

from apps.timeline.kinds import kind

ORGANISATION_CREATED = kind("organisation.created", "{actor} created the organisation {name}.")
PERSON_ADDED = kind("person.added", "{actor} added {name} ({email}).")
PERSON_RENAMED = kind("person.renamed", "{before} is now called {name}.")
PERSON_DEACTIVATED = kind("person.deactivated", "{actor} deactivated {name}: sessions and tokens ended.")
PERSON_REACTIVATED = kind("person.reactivated", "{actor} let {name} in again.")
ROLE_GIVEN = kind("role.given", "{actor} gave {name} the role {role}.")
ROLE_TAKEN = kind("role.taken", "{actor} took the role {role} from {name}.")
GROUP_MAPPED = kind("group.mapped", "{actor} gave the role {role} to whoever the sign-in service calls {group}.")
GROUP_UNMAPPED = kind("group.unmapped", "{actor} no longer gives the role {role} to whoever is in {group}.")
GROUPS_NOT_FOLLOWED = kind("group.not_followed", "{name} keeps the role {role} against their groups: {reason}")
SIGN_IN_TIED = kind("person.sign_in_tied", "{name} signs in by {service} from now on.")
PASSWORD_CHANGED = kind("person.password_changed", "{actor} chose a new password. Other sessions ended.")
FACTOR_ADDED = kind("person.factor_added", "{actor} set up {factor} for signing in.")
FACTOR_REMOVED = kind("person.factor_removed", "{actor} removed {factor}.")
CODES_RENEWED = kind("person.codes_renewed", "{actor} made new recovery codes.")
FACTORS_FORGOTTEN = kind("person.factors_forgotten", "{actor} removed every second factor of {name}.")
TOKEN_CREATED = kind("token.created", "{actor} created the token {name} for {owner}, with: {scopes}.")
TOKEN_REVOKED = kind("token.revoked", "{actor} revoked the token {name} of {owner}.")
DEED_REFUSED = kind("deed.refused", "{actor} was refused: {reason}")
