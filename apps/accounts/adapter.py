"""What allauth asks us: nobody signs up by themselves, and people sign in by their address."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an administrator or on the command line."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: there is no way to make one's own account."""
        return False
