"""`python3 -m recorder_app`. Stdlib only until the environment is right."""
