"""Which meaning of the engine's rows this code knows."""

# Raised, together with the row in the database, by every migration after which older code must take no run.
SCHEMA_EPOCH = 3
