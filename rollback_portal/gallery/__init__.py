"""The gallery of the interface: every part with sample data, for people who build pages. Changes nothing."""

from rollback_portal.gallery.pages import PAGES, gallery, sample

__all__ = ["PAGES", "gallery", "sample"]
