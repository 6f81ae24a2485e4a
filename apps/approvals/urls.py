"""Addresses of questions."""

from django.urls import path

from apps.approvals import views

app_name = "approvals"
urlpatterns = [
    path("", views.questions, name="questions"),
    path("<uuid:pk>/", views.question, name="question"),
    path("<uuid:pk>/votes/", views.create_vote, name="create_vote"),
    path("<uuid:pk>/reminders/", views.create_reminder, name="create_reminder"),
]
