"""Addresses of the status page and of updates."""

from django.urls import path

from apps.communications import views

app_name = "communications"
urlpatterns = [
    path("status/<uuid:pk>/", views.status, name="status"),
    path("status/<uuid:pk>/stream/", views.status_stream, name="status_stream"),
    path("status/<uuid:pk>/now/", views.status_now, name="status_now"),
    path("incidents/<uuid:pk>/updates/", views.create_update, name="create_update"),
    path("incidents/<uuid:pk>/updates/waiting/", views.waiting, name="waiting"),
    path("incidents/<uuid:pk>/updates/waiting/<uuid:one>/withdrawal/", views.create_withdrawal, name="withdrawal"),
]
