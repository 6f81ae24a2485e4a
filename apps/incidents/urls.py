"""Addresses of the home page and of incidents."""

from django.urls import path

from apps.incidents import views

app_name = "incidents"
urlpatterns = [
    path("", views.home, name="home"),
    path("now/stream/", views.home_stream, name="home_stream"),
    path("now/", views.home_now, name="home_now"),
    path("now/waiting/", views.waiting, name="waiting"),
    path("incidents/", views.incidents, name="incidents"),
    path("incidents/new/", views.new_incident, name="new"),
    path("incidents/<uuid:pk>/", views.incident, name="incident"),
    path("incidents/<uuid:pk>/stream/", views.incident_stream, name="stream"),
    path("incidents/<uuid:pk>/now/", views.incident_now, name="now"),
    path("incidents/<uuid:pk>/next/", views.next_step, name="next"),
    path("incidents/<uuid:pk>/picture/", views.picture, name="picture"),
    path("incidents/<uuid:pk>/timeline/", views.timeline, name="timeline"),
    path("incidents/<uuid:pk>/notes/", views.create_note, name="create_note"),
    path("incidents/<uuid:pk>/severity/", views.create_severity, name="create_severity"),
    path("incidents/<uuid:pk>/command/", views.create_command, name="create_command"),
    path("incidents/<uuid:pk>/cause/", views.create_cause, name="create_cause"),
    path("incidents/<uuid:pk>/resolution/", views.create_resolution, name="create_resolution"),
]
