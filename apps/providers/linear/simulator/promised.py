"""What Linear's schema promises never to be null, for clients that insist on it: empty lists, zeros and “no”.

Source: linear/linear packages/sdk/src/schema.graphql.
"""

from typing import Any

PAGE_INFO = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
LISTS = {
    "Issue": "agentSessions aiPromptProgresses children documents formerAttachments formerNeeds history "
    "incomingSuggestions inverseRelations needs relations releases stateHistory subscribers suggestions",
    "Comment": "agentSessions aiPromptProgresses children createdIssues spawnedAgentSessions",
    "Team": "cycles gitAutomationStates labels members memberships projects releasePipelines templates webhooks",
    "User": "assignedIssues createdIssues delegatedIssues drafts feedFacets issueDrafts teamMemberships teams",
    "WorkflowState": "issues",
    "Organization": "integrations labels projectLabels teams templates users",
    "IssueLabel": "children issues",
}
PLAIN_LISTS = {
    "Team": "ancestors children facets pinnedResources posts resourceSections",
    "Organization": "allowedAiProviders facets workingDays",
}
FLAGS = {
    "Comment": "hideInLinear isArtificialAgentSessionRoot",
    "Team": "aiDiscussionSummariesEnabled aiThreadSummariesEnabled cycleIssueAutoAssignCompleted "
    "cycleIssueAutoAssignStarted cycleLockToActive cyclesEnabled groupIssueHistory inheritIssueEstimation "
    "inheritSlackAutoCreateProjectChannel inheritWorkflowStatuses initiativesEnabled issueEstimationAllowZero "
    "issueEstimationExtended issueOrderingNoPriorityFirst issueSortOrderDefaultToBottom private "
    "requirePriorityToLeaveTriage scimManaged slackIssueComments slackIssueStatuses slackNewIssue triageEnabled",
    "User": "canAccessAnyPublicTeam hasGitHubCodeAccess isAssignable isMentionable supportsAgentSessions",
    "Organization": "agentAutomationEnabled aiAddonEnabled aiDiscussionSummariesEnabled aiTelemetryEnabled "
    "aiThreadSummariesEnabled codeIntelligenceEnabled codingAgentEnabled customersEnabled feedEnabled "
    "generatedUpdatesEnabled gitLinkbackDescriptionsEnabled gitLinkbackMessagesEnabled "
    "gitPublicLinkbackMessagesEnabled hideNonPrimaryOrganizations hipaaComplianceEnabled linearAgentEnabled "
    "pullRequestTourEnabled releasesEnabled slackAutoCreateProjectChannel slackProjectChannelsEnabled",
    "IssueLabel": "isGroup",
}
NUMBERS = {
    "Team": "autoArchivePeriod cycleCooldownTime cycleDuration cycleStartDay defaultIssueEstimate issueCount "
    "ledInitiativeCount upcomingCycleCount",
    "User": "createdIssueCount",
    "Organization": "customerCount fiscalYearStartMonth initiativeUpdateRemindersHour periodUploadVolume "
    "projectUpdateRemindersHour",
}
OBJECTS = {
    "Team": "currentProgress progressHistory securitySettings",
    "Organization": "authSettings codingAgentSettings linearAgentSettings securitySettings",
}
WORDS = {
    "Comment": {"bodyData": "{}"},
    "Team": {
        "cycleCalenderUrl": "",
        "inviteHash": "simulated",
        "issueEstimationType": "notUsed",
        "setIssueSortOrderOnStateChange": "default",
        "visibility": "public",
    },
    "User": {"avatarBackgroundColor": "#5e6ad2", "initials": "RP", "inviteHash": "simulated"},
    "Organization": {
        "initiativeUpdateRemindersDay": "Friday",
        "projectUpdateRemindersDay": "Friday",
        "projectUpdatesReminderFrequency": "week",
        "pullRequestIssueMode": "default",
        "releaseChannel": "public",
        "slaDayCount": "all",
        "slackProjectChannelPrefix": "",
    },
    "IssueLabel": {"color": "#eb5757"},
}


def promised(kind: str) -> dict[str, Any]:
    """Every promised field of a kind, as empty as it may be."""
    page = {"nodes": [], "edges": [], "pageInfo": PAGE_INFO}
    return {
        "__typename": kind,
        **dict.fromkeys(_names(LISTS, kind), page),
        **{name: [] for name in _names(PLAIN_LISTS, kind)},
        **dict.fromkeys(_names(FLAGS, kind), False),
        **dict.fromkeys(_names(NUMBERS, kind), 0),
        **{name: {} for name in _names(OBJECTS, kind)},
        **WORDS.get(kind, {}),
    }


def _names(table: dict[str, str], kind: str) -> list[str]:
    return table.get(kind, "").split()
