"""Sound into segments, in a process of its own."""
