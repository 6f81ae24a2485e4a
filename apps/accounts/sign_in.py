"""The sign-in page, with the demo's sign-ins as hints, and the page that asks for the password again."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from allauth.account.views import LoginView, ReauthenticateView
from django.conf import settings
from django.http import HttpResponse

TOO_MANY = "too_many_login_attempts"
WAIT_SECONDS = 900  # the window of ACCOUNT_RATE_LIMITS["login_failed"]


class SignInForm(LoginForm):
    """Email and password, without the noise of placeholders."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Email"
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
            field.help_text = ""


class SignIn(LoginView):
    """Answers 429 when there were too many tries."""

    form_class = SignInForm

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the form again; the status says when it is no use to go on."""
        answer = super().form_invalid(form)
        if form.has_error("__all__", TOO_MANY):
            answer.status_code = 429
            answer["Retry-After"] = str(WAIT_SECONDS)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the sign-ins of a demo."""
        return {**super().get_context_data(**kwargs), "demo_sign_ins": demo_sign_ins()}


class ReAuthenticate(ReauthenticateView):
    """Asks for the password again, and says that nothing is lost."""

    def get_form(self, form_class: Any = None) -> Any:
        """Return the form without a placeholder."""
        form = super().get_form(form_class)
        form.fields["password"].widget.attrs.pop("placeholder", None)
        return form


def demo_sign_ins() -> str:
    """Return the text that the demo left for its visitors, or nothing outside a demo."""
    listed = settings.DATA_DIR / "demo-sign-ins.txt"
    return listed.read_text() if settings.MODE == "demo" and listed.exists() else ""


login = SignIn.as_view()
reauthenticate = ReAuthenticate.as_view()
