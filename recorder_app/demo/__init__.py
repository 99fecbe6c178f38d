"""A screen and a sound server of our own, and the whole job on a spoken sample in them."""
