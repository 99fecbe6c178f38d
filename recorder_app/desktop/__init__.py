"""The machine's shell: hotkey, single instance."""
