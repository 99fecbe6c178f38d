"""The windows people live in. Sees only recorder, models, events, errors and settings."""
