"""The sign-in page."""

from allauth.account.views import LoginView

login = LoginView.as_view()
