"""Tests of rollback_portal.instance. They start servers of their own and need no running instance."""
