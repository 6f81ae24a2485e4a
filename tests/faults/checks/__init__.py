"""The checks V1 to V16: each is a small pure function over the evidence."""
