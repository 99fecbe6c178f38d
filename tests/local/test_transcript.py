from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from recorder_app.local.mount import LOCAL_ORIGIN, mounted_client
from recorder_app.local.transcript import appended, joined_text

TIMES = st.none() | st.integers(-3, 6) | st.sampled_from([0.0, 1.0, 1.5])
BATCH = st.lists(
    st.fixed_dictionaries({"timestamp": TIMES, "text": st.sampled_from("abcd")}), min_size=1, max_size=5
)


class Model:
    """The rules as a person would say them: one list, and the timestamps seen before this batch."""

    def __init__(self):
        self.lines = []

    def append(self, batch):
        seen = [line["timestamp"] for line in self.lines if line["timestamp"] is not None]
        for line in batch:
            if line["timestamp"] is None or line["timestamp"] not in seen:
                self.lines.append(line)


@given(batches=st.lists(BATCH, max_size=6))
def test_appending_follows_the_servers_rules(batches):
    model, stored = Model(), []

    for batch in batches:
        model.append(batch)
        stored = appended(stored, batch)

    assert stored == model.lines
    assert joined_text(stored) == " ".join(line["text"] for line in model.lines)


def test_the_whole_server_follows_them_too(tmp_path):
    with mounted_client(tmp_path) as http:
        address = f"{LOCAL_ORIGIN}/api/projects/1/desktop_recordings/"

        @settings(max_examples=25, deadline=None)
        @given(batches=st.lists(BATCH, min_size=1, max_size=5))
        def check(batches):
            model, server_id = Model(), http.post(address).json()["id"]
            for batch in batches:
                model.append(batch)
                answer = http.post(f"{address}{server_id}/append_segments/", json={"segments": batch}).json()
            kept = [(line["timestamp"], line["text"]) for line in answer["transcript_segments"]]
            assert kept == [(line["timestamp"], line["text"]) for line in model.lines]
            assert answer["transcript_text"] == joined_text(model.lines)

        check()


@given(first=BATCH, second=BATCH)
def test_repeating_a_batch_with_timestamps_changes_nothing(first, second):
    timed = [line for line in second if line["timestamp"] is not None]
    once = appended(appended([], first), timed)

    assert appended(once, timed) == once
