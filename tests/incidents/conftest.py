"""The stage of incident tests."""

from tests.incidents.stage import environment, ian, mallory, page, program, stella

__all__ = ["environment", "ian", "mallory", "page", "program", "stella"]
