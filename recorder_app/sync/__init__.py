"""Durable jobs that bring a recording to the server and keep it true there."""
