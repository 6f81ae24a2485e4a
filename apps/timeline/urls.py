"""Addresses of the record."""

from django.urls import path

from apps.timeline import views

app_name = "timeline"
urlpatterns = [path("audit/", views.audit, name="audit")]
