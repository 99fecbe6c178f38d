"""Every error a person can meet, with the sentence, the hint and the exit code.

RecorderError
├── UsageError               2  the request itself cannot be carried out
├── MissingDependencyError   3  something has to be installed first
├── SoundError               4  no sound can be heard
│   ├── NoSoundServerError
│   └── UnknownSourceError
├── StorageError             5  the disk says no
│   ├── DiskFullError
│   └── LibraryError            the library is newer, locked or damaged
├── ServerError              6  the server cannot be reached or refuses
│   ├── NetworkError            nothing came back (retry)
│   ├── ServerFaultError        5xx (retry)
│   ├── RateLimitedError        429 (retry after)
│   ├── RejectedError           4xx with a code; repeating it is useless
│   └── NoRecallError           503 without a code: the server has no Recall key
├── SignInError              7  the key is wrong, missing a scope, or for another project
├── NotFoundError            8  no such recording
└── BusyError                9  already recording, or not recording
Exit code 1 is our own bug; 0 is success.
"""

from __future__ import annotations


class RecorderError(Exception):
    """`title` fits a toast; `detail` is one sentence; `hint` says what to do next."""

    exit_code = 1
    is_retryable = False

    def __init__(self, title: str, *, detail: str = "", hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.detail = detail
        self.hint = hint

    @property
    def sentence(self) -> str:
        """Title, detail and hint on one line, as the command line prints it."""
        parts = [part.rstrip(".") for part in (self.title, self.detail, self.hint) if part]
        return ". ".join(parts) + "."


class UsageError(RecorderError):
    exit_code = 2


class MissingDependencyError(RecorderError):
    exit_code = 3


class SoundError(RecorderError):
    exit_code = 4


class NoSoundServerError(SoundError):
    is_retryable = True


class UnknownSourceError(SoundError):
    pass


class StorageError(RecorderError):
    exit_code = 5


class DiskFullError(StorageError):
    pass


class LibraryError(StorageError):
    pass


class ServerError(RecorderError):
    exit_code = 6


class NetworkError(ServerError):
    """Nothing came back. `was_sent` tells whether the request may have taken effect."""

    is_retryable = True

    def __init__(self, title: str, *, was_sent: bool, detail: str = "", hint: str = "") -> None:
        super().__init__(title, detail=detail, hint=hint)
        self.was_sent = was_sent


class ServerFaultError(ServerError):
    """5xx. The effect may have been saved all the same (posthog/README §4.3)."""

    is_retryable = True

    def __init__(
        self, title: str, *, status: int, retry_after_s: float | None = None, detail: str = "", hint: str = ""
    ) -> None:
        super().__init__(title, detail=detail, hint=hint)
        self.status = status
        self.retry_after_s = retry_after_s


class RateLimitedError(ServerError):
    is_retryable = True

    def __init__(self, title: str, *, retry_after_s: float | None, detail: str = "", hint: str = "") -> None:
        super().__init__(title, detail=detail, hint=hint)
        self.retry_after_s = retry_after_s


class RejectedError(ServerError):
    """A 4xx that will stay one. `code` and `attr` are the server's."""

    def __init__(
        self, title: str, *, status: int, code: str, attr: str | None = None, detail: str = "", hint: str = ""
    ) -> None:
        super().__init__(title, detail=detail, hint=hint)
        self.status = status
        self.code = code
        self.attr = attr


class NoRecallError(ServerError):
    """The server cannot create desktop recordings (no Recall key). A state, not a failure: retry rarely."""

    is_retryable = True


class SignInError(RecorderError):
    """`code` is the server's: not_authenticated, authentication_failed, permission_denied."""

    exit_code = 7

    def __init__(self, title: str, *, code: str, detail: str = "", hint: str = "") -> None:
        super().__init__(title, detail=detail, hint=hint)
        self.code = code


class NotFoundError(RecorderError):
    exit_code = 8


class BusyError(RecorderError):
    exit_code = 9
