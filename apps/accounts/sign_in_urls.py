"""Signing in and out, by allauth; only what we use, under the names that allauth itself looks up."""

from allauth.account import views as allauth
from django.urls import path, re_path

from apps.accounts import proving_views, second_factor_views, sign_in, single_sign_on_views

urlpatterns = [
    path("login/", sign_in.login, name="account_login"),
    path("single-sign-on/", single_sign_on_views.begin, name="single_sign_on"),
    path("single-sign-on/return/", single_sign_on_views.come_back, name="single_sign_on_return"),
    path("logout/", allauth.logout, name="account_logout"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("reauthenticate/", proving_views.reauthenticate, name="account_reauthenticate"),
    path("passkey/options/", proving_views.passkey_options, name="passkey_options"),
    path("passkey/", second_factor_views.sign_in_by_passkey, name="passkey_sign_in"),
    path("second-factor/", second_factor_views.authenticate, name="mfa_authenticate"),
    path("password/change/", allauth.password_change, name="account_change_password"),
    path("password/set/", proving_views.set_password, name="account_set_password"),
    path("password/reset/", allauth.password_reset, name="account_reset_password"),
    path("password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
