"""What it takes for an object of each kind to be ready, read off live objects."""
