"""A recording as a document."""
