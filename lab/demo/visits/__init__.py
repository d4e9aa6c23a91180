"""A small web application that counts its visits in Postgres."""
