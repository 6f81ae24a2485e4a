"""Addresses of checklists."""

from django.urls import path

from apps.checklists import views

app_name = "checklists"
urlpatterns = [
    path("checklist-items/ticks/", views.create_tick, name="create_tick"),
    path("checklist-items/<uuid:pk>/", views.item, name="item"),
    path("checklist-items/<uuid:pk>/ticks/", views.create_tick_with_note, name="create_tick_with_note"),
]
