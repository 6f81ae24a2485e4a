"""Addresses of people, of one's own profile, and of the first set-up."""

from django.urls import path

from apps.accounts import access_views, profile_views, role_views, second_factor_views, set_up_views, views

app_name = "accounts"
urlpatterns = [
    path("set-up/<str:secret>/", set_up_views.set_up, name="set_up"),
    path("people/", views.list_people, name="people"),
    path("people/new/", views.new_person, name="new_person"),
    path("people/additions/", views.create_person, name="create_person"),
    path("people/groups/", access_views.groups, name="groups"),
    path("people/groups/<uuid:mapping_id>/removal/", access_views.remove_group, name="remove_group"),
    path("people/tokens/", access_views.service_tokens, name="service_tokens"),
    path(
        "people/tokens/<uuid:token_id>/revocation/",
        access_views.revoke_service_token,
        name="revoke_service_token",
    ),
    path("people/<uuid:person_id>/factors/removal/", access_views.forget_factors, name="forget_factors"),
    path("people/roles/new/", role_views.new_role, name="new_role"),
    path("people/roles/additions/", role_views.create_role, name="create_role"),
    path("people/roles/<slug:slug>/", role_views.show_role, name="role"),
    path("people/roles/<slug:slug>/changes/", role_views.create_role_change, name="create_role_change"),
    path("people/roles/<slug:slug>/grants/", role_views.create_grant, name="create_grant"),
    path("people/roles/<slug:slug>/substitutes/", role_views.create_substitutes, name="create_substitutes"),
    path("people/<uuid:person_id>/contact/", views.create_contact, name="create_contact"),
    path("people/<uuid:person_id>/", views.show_person, name="person"),
    path("people/<uuid:person_id>/roles/", views.create_holding, name="create_holding"),
    path(
        "people/<uuid:person_id>/roles/<slug:slug>/withdrawal/",
        views.create_withdrawal,
        name="create_withdrawal",
    ),
    path("people/<uuid:person_id>/deactivation/", views.create_deactivation, name="create_deactivation"),
    path("people/<uuid:person_id>/reactivation/", views.create_reactivation, name="create_reactivation"),
    path("people/<uuid:person_id>/invitation/", views.create_invitation, name="create_invitation"),
    path("profile/", profile_views.show_profile, name="profile"),
    path("profile/details/", profile_views.create_details, name="create_details"),
    path("profile/tokens/", profile_views.create_token, name="create_token"),
    path(
        "profile/tokens/<uuid:token_id>/revocation/",
        profile_views.create_revocation,
        name="create_revocation",
    ),
    path("profile/app/", second_factor_views.create_app, name="create_app"),
    path("profile/passkeys/", second_factor_views.create_passkey, name="create_passkey"),
    path("profile/passkeys/options/", second_factor_views.new_passkey_options, name="new_passkey_options"),
    path("profile/factors/<int:factor_id>/removal/", second_factor_views.create_removal, name="create_removal"),
    path("profile/recovery-codes/", second_factor_views.create_codes, name="create_codes"),
    path("profile/sessions/end/", profile_views.end_sessions, name="end_sessions"),
    path("profile/organisation/", profile_views.switch_organisation, name="switch"),
]
