"""Groundwork's components: one folder a noun, from its section of the stack file to resources."""
