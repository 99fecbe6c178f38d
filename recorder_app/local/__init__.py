"""The embedded backend: the server's contract on this machine."""
