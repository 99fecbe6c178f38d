"""Media files: encode, decode, peaks, join, import, play. No network, no Qt."""
