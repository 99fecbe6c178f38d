"""The typed client of PostHog's REST API. No SQLite, no Qt."""
