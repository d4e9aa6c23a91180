"""Applications, described as data."""
