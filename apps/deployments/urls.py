"""Addresses of services, their deployments, and freezes."""

from django.urls import path

from apps.deployments import freeze_views, redeploy_views, views

app_name = "deployments"
urlpatterns = [
    path("services/", views.list_services, name="services"),
    path("services/new/", views.create_service, name="create_service"),
    path("services/<slug:slug>/", views.show_service, name="service"),
    path("services/<slug:slug>/environments/new/", views.create_environment, name="create_environment"),
    path("services/<slug:slug>/<slug:name>/change/", views.change_environment, name="change_environment"),
    path("services/<slug:slug>/<slug:name>/deployments/new/", views.create_deployment, name="create_deployment"),
    path(
        "services/<slug:slug>/<slug:name>/deployments/<uuid:deployment_id>/verdict/",
        views.create_verdict,
        name="create_verdict",
    ),
    path("services/<slug:slug>/<slug:name>/redeployments/", redeploy_views.redeployments, name="redeployments"),
    path("services/<slug:slug>/<slug:name>/looks/", views.create_look, name="create_look"),
    path("freezes/", freeze_views.freezes, name="freezes"),
    path("freezes/<uuid:freeze_id>/lifting/", freeze_views.create_lifting, name="create_lifting"),
]
