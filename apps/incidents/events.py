"""What can be said of an incident. Stakeholders read the sentences marked so: no names of causes, no notes in them."""

from apps.timeline.kinds import kind

DECLARED = kind("incident.declared", "{actor} declared {severity}: {title}", "stakeholder")
SUSPECTED = kind("incident.suspected", "{actor} suspects {release}{because}")
IDENTIFIED = kind("incident.identified", "{actor} identified the cause", "stakeholder")
SEVERITY_CHANGED = kind("incident.severity_changed", "{actor} changed the severity from {before} to {after}{because}")
COMMAND_TAKEN = kind("incident.command_taken", "{actor} took command")
NOTED = kind("incident.noted", "{actor} noted: {note}")
RECOVERY_BEGUN = kind("incident.recovery_begun", "The previous version is being put back", "stakeholder")
RECOVERY_HALTED = kind("incident.recovery_halted", "The way back stopped: {reason}")
MONITORED = kind("incident.monitored", "The previous version is back and is being watched", "stakeholder")
RESOLVED = kind("incident.resolved", "{actor} resolved the incident", "stakeholder")
