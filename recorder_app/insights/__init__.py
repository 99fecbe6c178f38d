"""Segments into summary lines and tasks."""
