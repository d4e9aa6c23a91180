"""The random plugin: values drawn once, kept in the state, drawn anew when an input changes."""
