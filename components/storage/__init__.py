"""Volumes, asked for by what they are for."""
