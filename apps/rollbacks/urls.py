"""Addresses of rollbacks: nouns; a deed is the creation of a thing."""

from django.urls import path

from apps.rollbacks import views

app_name = "rollbacks"
urlpatterns = [
    path("", views.rollbacks, name="list"),
    path("new/", views.new_rollback, name="new"),
    path("log/", views.rollback_log, name="log"),
    path("forward/<uuid:environment>/", views.forward, name="forward"),
    path("<uuid:pk>/", views.rollback, name="detail"),
    path("<uuid:pk>/stream/", views.rollback_stream, name="stream"),
    path("<uuid:pk>/progress/", views.progress, name="progress"),
    path("<uuid:pk>/ballot/", views.ballot, name="ballot"),
    path("<uuid:pk>/workers/", views.workers, name="workers"),
    path("<uuid:pk>/deeds/", views.deeds, name="deeds"),
    path("<uuid:pk>/plan/", views.plan, name="plan"),
    path("<uuid:pk>/changes/", views.changes, name="changes"),
    path("<uuid:pk>/plans/", views.create_plan, name="create_plan"),
    path("<uuid:pk>/approval/", views.create_approval, name="create_approval"),
    path("<uuid:pk>/pause/", views.create_pause, name="create_pause"),
    path("<uuid:pk>/resumption/", views.create_resumption, name="create_resumption"),
    path("<uuid:pk>/cancellation/", views.create_cancellation, name="create_cancellation"),
    path("<uuid:pk>/steps/<int:position>/", views.decision, name="decision"),
    path("<uuid:pk>/steps/<int:position>/readings/", views.readings, name="readings"),
    path("<uuid:pk>/steps/<int:position>/decision/", views.create_decision, name="create_decision"),
]
