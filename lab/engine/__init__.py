"""A Pulumi engine out of packages: the command line program, its language host, its plugins."""
