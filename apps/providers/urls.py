"""Addresses of connections."""

from django.urls import path

from apps.providers import examination_views, hook_views, views

app_name = "providers"
urlpatterns = [
    path("hooks/<str:provider>/<str:source>", hook_views.receive_hook, name="hook"),
    path("connections/", views.list_connections, name="connections"),
    path("connections/new/", views.choose_provider, name="choose"),
    path("connections/new/<slug:slug>/", views.create_connection, name="create"),
    path("connections/<uuid:connection_id>/", views.show_connection, name="connection"),
    path("connections/<uuid:connection_id>/checks/", views.create_check, name="check"),
    path("connections/<uuid:connection_id>/examinations/", examination_views.create_examination, name="examination"),
    path("connections/<uuid:connection_id>/credentials/", views.replace_credentials, name="credentials"),
]
