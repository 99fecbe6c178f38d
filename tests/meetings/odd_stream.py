"""A program that opens a stream on a source with flags of its choice: `odd_stream.py SOURCE FLAGS`.

PulseAudio's own tools cannot open a corked stream or a level meter.
"""

import ctypes
import sys

import pulsectl
from pulsectl import _pulsectl as native


def main() -> None:
    source, flags = sys.argv[1].encode(), int(sys.argv[2])
    with pulsectl.Pulse("odd") as pulse:
        spec = native.PA_SAMPLE_SPEC(format=native.PA_SAMPLE_FLOAT32NE, rate=25, channels=1)
        stream = native.pa.stream_new_with_proplist(
            pulse._ctx, "odd", ctypes.byref(spec), None, native.pa.proplist_from_string("media.name=odd")
        )
        attributes = native.PA_BUFFER_ATTR(fragsize=4, maxlength=2**32 - 1)
        native.pa.stream_connect_record(stream, source, attributes, flags)
        pulse.event_mask_set("source_output")
        pulse.event_callback_set(lambda _event: None)
        pulse.event_listen()


if __name__ == "__main__":
    main()
