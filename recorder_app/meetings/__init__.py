"""Which use of the microphone is a call, and what to say about it."""
