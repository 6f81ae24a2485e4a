"""The sign-in page, with the demo's sign-ins as hints."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from allauth.account.views import LoginView
from django.conf import settings
from django.http import HttpResponse

from apps.accounts import tries
from apps.accounts.adapter import next_of


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
        return tries.told(super().form_invalid(form), form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the sign-ins of a demo, and the sign-in service where there is one."""
        shown = super().get_context_data(**kwargs)
        return {
            **shown,
            "demo_sign_ins": demo_sign_ins(),
            "service": settings.SINGLE_SIGN_ON,
            "next": next_of(self.request),
        }


def demo_sign_ins() -> str:
    """Return the text that the demo left for its visitors, or nothing outside a demo."""
    listed = settings.DATA_DIR / "demo-sign-ins.txt"
    return listed.read_text() if settings.MODE == "demo" and listed.exists() else ""


login = SignIn.as_view()
