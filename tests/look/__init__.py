"""The look: parts, pages and the live view, in a real browser where it matters."""
