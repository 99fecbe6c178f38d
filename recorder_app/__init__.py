"""Recorder: a desktop meeting recorder that never loses a second."""

__version__ = "0.1.0"
