"""The SQLite store: a cache of the recording folders plus what people edited."""
