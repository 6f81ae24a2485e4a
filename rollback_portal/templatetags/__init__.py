"""Tags of the templates: presentation only, nothing here reads the database."""
