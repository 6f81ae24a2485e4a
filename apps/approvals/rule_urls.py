"""Addresses of rules and of the authority preview."""

from django.urls import path

from apps.approvals import rule_views

app_name = "rules"
urlpatterns = [
    path("rules/", rule_views.list_rules, name="rules"),
    path("rules/new/", rule_views.new_rule, name="new"),
    path("rules/additions/", rule_views.create_rule, name="create"),
    path("rules/<uuid:pk>/", rule_views.show_rule, name="rule"),
    path("rules/<uuid:pk>/changes/", rule_views.create_change, name="change"),
    path("rules/<uuid:pk>/retirement/", rule_views.create_retirement, name="retire"),
    path("authority/", rule_views.authority, name="authority"),
]
