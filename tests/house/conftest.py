"""The stage of accounts, for rules that hold in the whole house."""

from tests.accounts.conftest import _quick_passwords, ada, mallory, rae, sam, team

__all__ = ["_quick_passwords", "ada", "mallory", "rae", "sam", "team"]
