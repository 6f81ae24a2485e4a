"""Addresses of questions, of what one must have read, and of break-glass."""

from django.urls import path

from apps.approvals import break_glass_views, debt_views, views

app_name = "approvals"
urlpatterns = [
    path("", views.questions, name="questions"),
    path("debts/<uuid:pk>/acknowledgement/", debt_views.create_acknowledgement, name="create_acknowledgement"),
    path("break-glass/", break_glass_views.uses, name="break_glass"),
    path("break-glass/permission/", break_glass_views.create_permission, name="create_permission"),
    path("break-glass/<uuid:pk>/review/", break_glass_views.create_review, name="create_review"),
    path("<uuid:pk>/", views.question, name="question"),
    path("<uuid:pk>/votes/", views.create_vote, name="create_vote"),
    path("<uuid:pk>/withdrawal/", views.create_withdrawal, name="create_withdrawal"),
    path("<uuid:pk>/reminders/", views.create_reminder, name="create_reminder"),
    path("<uuid:pk>/break-glass/", break_glass_views.alone, name="alone"),
    path("<uuid:pk>/break-glass/start/", break_glass_views.create_start, name="create_start"),
]
