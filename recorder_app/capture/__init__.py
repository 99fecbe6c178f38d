"""Sound into a crash-safe file. No network, no Qt."""
