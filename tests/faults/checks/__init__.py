"""The checks V1 to V15: each is a small pure function over the evidence."""
