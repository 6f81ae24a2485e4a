"""Addresses of playbooks."""

from django.urls import path

from apps.playbooks import step_views, views

app_name = "playbooks"
urlpatterns = [
    path("playbooks/", views.list_playbooks, name="list"),
    path("playbooks/new/", views.new_playbook, name="new"),
    path("playbooks/drafts/", views.create_playbook, name="create"),
    path("playbooks/preview/", views.preview, name="preview_new"),
    path("playbooks/<slug:slug>/", views.playbook, name="playbook"),
    path("playbooks/<slug:slug>/draft/", views.edit_draft, name="draft"),
    path("playbooks/<slug:slug>/draft/steps/<int:position>/", step_views.edit_step, name="step"),
    path("playbooks/<slug:slug>/preview/", views.preview, name="preview"),
    path("playbooks/<slug:slug>/revisions/<int:number>/", views.revision, name="revision"),
    path("playbooks/<slug:slug>/revisions/<int:number>/publication/", views.create_publication, name="publish"),
    path("playbooks/<slug:slug>/revisions/<int:number>/restoration/", views.create_restoration, name="restore"),
    path("playbooks/<slug:slug>/revisions/<int:number>/disposal/", views.create_disposal, name="discard"),
    path("schema/playbook.v1.json", views.schema, name="schema"),
]
