"""What can be said of organisations, people, roles and tokens."""

from apps.timeline.kinds import kind

ORGANISATION_CREATED = kind("organisation.created", "{actor} created the organisation {name}.")
PERSON_ADDED = kind("person.added", "{actor} added {name} ({email}).")
PERSON_RENAMED = kind("person.renamed", "{before} is now called {name}.")
PERSON_DEACTIVATED = kind("person.deactivated", "{actor} deactivated {name}: sessions and tokens ended.")
PERSON_REACTIVATED = kind("person.reactivated", "{actor} let {name} in again.")
ROLE_GIVEN = kind("role.given", "{actor} gave {name} the role {role}.")
ROLE_TAKEN = kind("role.taken", "{actor} took the role {role} from {name}.")
TOKEN_CREATED = kind("token.created", "{actor} created the token {name} for {owner}, with: {scopes}.")
TOKEN_REVOKED = kind("token.revoked", "{actor} revoked the token {name} of {owner}.")
DEED_REFUSED = kind("deed.refused", "{actor} was refused: {reason}")
