"""Each number we promise, measured beside a rival in the same run. See `table.py`."""
