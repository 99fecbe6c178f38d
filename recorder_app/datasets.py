"""Datasets as a feature: recordings as examples, with what a person corrected as the wanted output.

Blocking calls with typed results; each opens the workspace's server and closes it again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import AbstractContextManager

from recorder_app.api.datasets import DatasetsClient, NewItem, RemoteDataset, RemoteItem
from recorder_app.context import Context
from recorder_app.errors import NotFoundError, UsageError
from recorder_app.models import Recording, Segment

PAGE = 50
MAX_PAGES = 200
"""Ten thousand; beyond that a list is not for people."""


@dataclasses.dataclass(frozen=True, slots=True)
class Added:
    item: RemoteItem
    was_there: bool
    """The recording was in the dataset already; its item was brought up to date."""


class Datasets:
    """From any thread. Every call blocks for the network; errors as in `api.sender.Sender`, and SignInError
    where there is no key or it lacks the scope dataset:write.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, search: str = "") -> list[RemoteDataset]:
        """Every dataset that is not deleted, newest first."""
        found: dict[str, RemoteDataset] = {}
        with self._client() as client:
            for number in range(MAX_PAGES):
                page = client.list(search=search.strip(), limit=PAGE, offset=number * PAGE)
                # Offsets shift when somebody adds one meanwhile.
                found |= {each.id: each for each in page.results}
                if not page.results or (number + 1) * PAGE >= page.count:
                    break
        return [*found.values()]

    def find(self, mark: str) -> RemoteDataset:
        """The dataset of this id or name, or whose id begins so. NotFoundError, also for several."""
        known = self.list()
        exact = [each for each in known if mark in (each.id, each.name)]
        found = exact or [each for each in known if mark and each.id.startswith(mark)]
        if len(found) == 1:
            return found[0]
        raise NotFoundError(
            f"{len(found)} datasets are called {mark!r}" if found else f"There is no dataset {mark!r}",
            hint="Use the id: recorder datasets list",
        )

    def create(self, name: str, description: str = "") -> RemoteDataset:
        with self._client() as client:
            return client.create(name, description=description)

    def rename(self, dataset_id: str, name: str) -> RemoteDataset:
        with self._client() as client:
            return client.patch(dataset_id, name=name)

    def delete(self, dataset_id: str) -> RemoteDataset:
        """Hide it from everybody; `undelete` brings it back with its items."""
        with self._client() as client:
            return client.patch(dataset_id, is_deleted=True)

    def undelete(self, dataset_id: str) -> RemoteDataset:
        with self._client() as client:
            return client.patch(dataset_id, is_deleted=False)

    def items(
        self, dataset_id: str, *, limit: int = 20, offset: int = 0
    ) -> tuple[int, tuple[RemoteItem, ...]]:
        """How many there are, and one page of them, newest first. They carry whole transcripts."""
        with self._client() as client:
            page = client.items(dataset_id, limit=limit, offset=offset)
        return page.count, page.results

    def add_recording(self, dataset_id: str, recording_id: str) -> Added:
        """Add a recording as an example, or bring the one that is there already up to date.

        NotFoundError for either; UsageError while there is no transcript.
        """
        library = self._context.library()
        recording = library.get(recording_id)
        if recording is None:
            raise NotFoundError("There is no such recording", hint="recorder list shows them")
        item = item_of(recording, library.segments(recording_id))
        with self._client() as client:
            client.retrieve(dataset_id)
            # The server takes the same one twice, and an answer may have been lost: look first.
            known = _known(client, dataset_id, recording)
            if known is not None:
                return Added(client.patch_item(known.id, item), was_there=True)
            return Added(client.create_item(dataset_id, item), was_there=False)

    def _client(self) -> AbstractContextManager[DatasetsClient]:
        from recorder_app.wiring import build_datasets

        return build_datasets(self._context.paths, self._context.settings(), self._context.environment)


def item_of(recording: Recording, segments: Sequence[Segment]) -> NewItem:
    """What an example of this recording says: input the transcript, output what it should lead to.

    UsageError while there is no transcript.
    """
    said = [segment for segment in segments if segment.text.strip()]
    if not said:
        raise UsageError("This recording has no transcript yet", hint="Add it when it is ready")
    return NewItem(
        input={
            "transcript": "\n".join(f"{segment.speaker}: {segment.text}" for segment in said),
            "segments": [
                {"timestamp": segment.start_ms, "speaker": segment.speaker, "text": segment.text}
                for segment in said
            ],
        },
        output={
            "summary": recording.summary_text,
            "tasks": [
                {"title": task.title, "description": task.description, "assignee": task.assignee}
                for task in recording.tasks
            ],
        },
        metadata={
            "recording_id": recording.server_id,
            "local_recording_id": recording.id,
            "title": recording.title,
            "duration_seconds": round(recording.duration_ms / 1000),
            "platform": recording.platform.value,
            "engine": recording.engine,
            "is_draft_transcript": recording.has_draft_transcript,
            "summary_source": recording.summary_source,
        },
        ref_source_id=recording.server_id or recording.id,
        ref_timestamp=recording.started_at,
    )


def _known(client: DatasetsClient, dataset_id: str, recording: Recording) -> RemoteItem | None:
    """The item that stands for this recording already, whether it had a row on the server then or not."""
    marks = {recording.id, recording.server_id} - {None}
    for number in range(MAX_PAGES):
        page = client.items(dataset_id, limit=PAGE, offset=number * PAGE)
        for item in page.results:
            if item.ref_source_id in marks:
                return item
        if not page.results or (number + 1) * PAGE >= page.count:
            return None
    return None
