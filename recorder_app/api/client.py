"""The typed client of `desktop_recordings`: one method a call, our errors out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from recorder_app.api.errors import Answer
from recorder_app.api.sender import Sender, is_at, path_of
from recorder_app.api.wire import RecordingPatch, RemoteRecording, segment_to_wire
from recorder_app.errors import NotFoundError, RejectedError, UsageError
from recorder_app.models import Platform, Segment

UPLOAD_ENDPOINT_HEADER = "recorder-upload-endpoint"
RESOURCE = "desktop_recordings/"
NOBODYS_ID = "00000000-0000-0000-0000-000000000000"
NO_PLATFORM = "recorder-connection-test"


@dataclasses.dataclass(frozen=True, slots=True)
class Created:
    recording: RemoteRecording
    upload_token: str
    """Given only here, never again by the server; empty if it gave none."""
    upload_endpoint: str | None
    """Where media can be uploaded by tus with that token; None where the server takes none (PostHog)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    count: int
    """All matches on the server, not only those of this page."""
    results: tuple[RemoteRecording, ...]


class RecordingsClient(Sender):
    """`desktop_recordings` of one workspace. See Sender for threads and errors."""

    def create(self, platform: Platform, *, idempotency_key: str | None = None) -> Created:
        """Create a recording. Never repeated here: after NetworkError(was_sent=True) or a 5xx it may exist.

        The embedded backend answers the same row to the same key; PostHog ignores the key.
        """
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        answer = self._send(
            "POST", RESOURCE, json_body={"platform": Platform(platform).value}, headers=headers
        )
        token = self._object(answer).get("upload_token")
        return Created(
            recording=self._recording(answer),
            upload_token=token if isinstance(token, str) else "",
            upload_endpoint=self._upload_endpoint(answer),
        )

    def list(
        self,
        *,
        limit: int = 20,
        offset: int = 0,
        platform: Platform | None = None,
        status: str | None = None,
        user_id: int | None = None,
        search: str | None = None,
    ) -> Page:
        """Return one page, newest `started_at` first. `search` looks into transcripts only.

        Results carry whole transcripts (380 KB an hour): keep `limit` small and page by `offset`.
        """
        wanted = {
            "limit": limit,
            "offset": offset or None,
            "platform": platform,
            "status": status,
            "user_id": user_id,
            "search": search or None,
        }
        params = {name: str(value) for name, value in wanted.items() if value is not None}
        answer = self._send("GET", RESOURCE, params=params, is_repeatable=True)
        return Page(*self._page(answer, RemoteRecording.from_json))

    def retrieve(self, server_id: str) -> RemoteRecording:
        return self._recording(self._send("GET", _path(server_id), is_repeatable=True))

    def patch(self, server_id: str, patch: RecordingPatch) -> RemoteRecording:
        """Change fields; a 5xx does not mean that nothing was saved (posthog/README §4.3)."""
        return self._recording(self._send("PATCH", _path(server_id), json_body=patch.body))

    def delete(self, server_id: str) -> None:
        """Delete for good, for the whole team."""
        self._send("DELETE", _path(server_id))

    def append_segments(self, server_id: str, segments: Sequence[Segment]) -> RemoteRecording:
        """Append finals; the server drops those whose timestamp it has already, so this may be repeated.

        UsageError when there are none or one has no words: the server would refuse the whole batch.
        """
        if not segments:
            raise UsageError("There are no transcript lines to append")
        body = {"segments": [segment_to_wire(segment) for segment in segments]}
        return self._recording(self._send("POST", f"{_path(server_id)}append_segments/", json_body=body))

    def prove_write(self) -> None:
        """Find out whether the key may write, touching nothing: a row nobody has is looked up only after the
        scope (posthog/README §6). Raises SignInError when it may not.
        """
        try:
            self.patch(NOBODYS_ID, RecordingPatch())
        except NotFoundError:
            return

    def prove_create(self) -> None:
        """Find out whether the server can create recordings, creating none. Raises NoRecallError.

        A server without Recall says so before it looks at the platform; one with it refuses this platform
        (posthog/README §4.1).
        """
        try:
            answer = self._send("POST", RESOURCE, json_body={"platform": NO_PLATFORM})
        except RejectedError as error:
            if error.code != "invalid_choice":
                raise
            return
        # A server that takes any platform has just made a row for us: it must not stay.
        self.delete(self._recording(answer).id)

    def _recording(self, answer: Answer) -> RemoteRecording:
        return self._parsed(answer, RemoteRecording.from_json)

    def _upload_endpoint(self, answer: Answer) -> str | None:
        given = answer.headers.get(UPLOAD_ENDPOINT_HEADER, "")
        return given if given and is_at(given, self._origin) else None


def _path(server_id: str) -> str:
    return RESOURCE + path_of(server_id, "recording")
