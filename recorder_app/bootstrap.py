"""From a bare checkout to a running program. Stdlib only; imports nothing of ours."""
