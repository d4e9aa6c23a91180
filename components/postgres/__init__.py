"""PostgreSQL databases for the systems of a stack."""
