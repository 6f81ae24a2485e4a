"""Addresses of people, of one's own profile, and of the first set-up."""

from django.urls import path

from apps.accounts import views

app_name = "accounts"
urlpatterns = [
    path("people/", views.list_people, name="people"),
    path("people/<uuid:person_id>/", views.show_person, name="person"),
    path("profile/", views.show_profile, name="profile"),
    path("profile/organisation/", views.switch_organisation, name="switch"),
]
