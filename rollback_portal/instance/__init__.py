"""Installs, starts, supervises and stops the product. Needs the standard library only."""
