"""A small OpenID Connect provider for tests, and the proof that it is one."""
