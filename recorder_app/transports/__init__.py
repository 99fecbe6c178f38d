"""How media bytes reach a server."""
