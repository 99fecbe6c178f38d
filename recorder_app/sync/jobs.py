"""The kinds of work a recording needs, their lanes and order, and what follows an attempt. Pure.

create ──┬─ describe
├─ edits
├─ upload (media lane) ──┐
└─ finish ───────────────┴─ media ─┐
transcribe ─┬─ insights (speech lane) ──────┼─ done
└─ transcript, summary ─────────┘
"""

from __future__ import annotations

import dataclasses

from recorder_app.errors import (
    NoRecallError,
    RateLimitedError,
    RecorderError,
    ServerFaultError,
    SignInError,
    StorageError,
)
from recorder_app.library.jobs import BLOCKED, DONE, LAST, PENDING, Job, JobSpec

RECORDS, MEDIA, SPEECH, UPKEEP = "records", "media", "speech", "upkeep"
LANES = (RECORDS, MEDIA, SPEECH, UPKEEP)
"""One thread each. All requests about one recording's row run on RECORDS, one at a time: two writers of
one row lose each other's changes on the server (posthog/README §4.5). UPKEEP deletes, and only when nothing
else of the recording runs (`library.jobs.LAST`)."""

CREATE = JobSpec("create", RECORDS, 10)
DESCRIBE = JobSpec("describe", RECORDS, 20, needs=("create",))
FINISH = JobSpec("finish", RECORDS, 30, needs=("create",))
EDITS = JobSpec("edits", RECORDS, 40, needs=("create",))
UPLOAD = JobSpec("upload", MEDIA, 50, needs=("create",))
CONFIRM = JobSpec("media", RECORDS, 60, needs=("finish", "upload"))
TRANSCRIBE = JobSpec("transcribe", SPEECH, 70)
INSIGHTS = JobSpec("insights", SPEECH, 80, needs=("transcribe",))
TRANSCRIPT = JobSpec("transcript", RECORDS, 90, needs=("create", "transcribe"))
SUMMARY = JobSpec("summary", RECORDS, 100, needs=("create", "insights"))
FINAL = JobSpec(
    "done",
    RECORDS,
    110,
    needs=("finish",),
    follows=("describe", "edits", "upload", "media", "transcribe", "insights", "transcript", "summary"),
)
PURGE = JobSpec(LAST, UPKEEP, 120)

KINDS = (
    CREATE,
    DESCRIBE,
    FINISH,
    EDITS,
    UPLOAD,
    CONFIRM,
    TRANSCRIBE,
    INSIGHTS,
    TRANSCRIPT,
    SUMMARY,
    FINAL,
    PURGE,
)

BASE_S = 1.0
CAP_S = 300.0
FLOOR_S = 0.1
"""Full jitter may draw nothing at all; that would be a busy loop."""
NO_RECALL_S = 3600.0
SPEECH_TRIES = 3
"""The recogniser costs minutes of a core: it is not tried for ever."""
FAULT_TRIES = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    note: str | None = None
    """A sentence where "done" needs one ("it is kept on this computer")."""


@dataclasses.dataclass(frozen=True, slots=True)
class Again:
    """Nothing failed; there will be more to do."""

    after_s: float
    progress: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    error: RecorderError


@dataclasses.dataclass(frozen=True, slots=True)
class Broke:
    """A step raised what it must not: our own fault, logged by the engine."""

    what: str


Outcome = Done | Again | Failed | Broke


@dataclasses.dataclass(frozen=True, slots=True)
class NextStep:
    state: str
    attempts: int = 0
    delay_s: float = 0.0
    reason: str | None = None
    progress: int | None = None
    is_pausing: bool = False
    """Everything that talks to this workspace stops until somebody signs in again."""


def next_step(job: Job, outcome: Outcome, *, chance: float) -> NextStep:
    """Decide what becomes of a job. `chance` in [0, 1) is the jitter's draw.

    | outcome                              | then                                                      |
    |--------------------------------------|-----------------------------------------------------------|
    | done                                 | done                                                      |
    | again                                | pending after its time, attempts 0                        |
    | SignInError                          | pending, attempts kept, the workspace pauses              |
    | 429, 5xx with Retry-After            | pending after exactly that                                |
    | 429, 5xx, network                    | pending after full jitter, 1 s doubling to 5 min, for ever|
    | NoRecallError                        | pending after an hour (three to five quarters)            |
    | the disk or the library              | pending after full jitter, for ever                       |
    | retryable, on the speech lane        | three tries, then blocked                                 |
    | anything else (rejected, missing, …) | blocked                                                   |
    | our own fault                        | three tries, then blocked                                 |

    A delay counts from the moment of writing; `JobTable.claim` ignores one that a clock set back stretched.
    """
    if isinstance(outcome, Done):
        return NextStep(DONE, reason=outcome.note, progress=100)
    if isinstance(outcome, Again):
        return NextStep(PENDING, delay_s=outcome.after_s, progress=outcome.progress)
    attempts = job.attempts + 1
    if isinstance(outcome, Broke):
        reason = f"Recorder has a fault of its own ({outcome.what}). The log says more."
        if attempts >= FAULT_TRIES:
            return NextStep(BLOCKED, attempts, reason=reason)
        return NextStep(PENDING, attempts, backoff_s(attempts, chance), reason, job.progress)
    return _after_failure(job, outcome.error, attempts, chance)


def backoff_s(attempts: int, chance: float) -> float:
    """Full jitter: anything up to 1 s doubled with each failure, at most 5 min."""
    limit = min(CAP_S, BASE_S * 2.0 ** min(attempts - 1, 30))
    return max(FLOOR_S, chance * limit)


def _after_failure(job: Job, error: RecorderError, attempts: int, chance: float) -> NextStep:
    reason = error.sentence
    if isinstance(error, SignInError):
        return NextStep(PENDING, job.attempts, reason=reason, progress=job.progress, is_pausing=True)
    if isinstance(error, NoRecallError):
        return NextStep(PENDING, attempts, NO_RECALL_S * (0.75 + 0.5 * chance), reason, job.progress)
    if isinstance(error, RateLimitedError | ServerFaultError) and error.retry_after_s is not None:
        return NextStep(PENDING, attempts, max(FLOOR_S, error.retry_after_s), reason, job.progress)
    if job.lane == SPEECH and attempts >= SPEECH_TRIES and not isinstance(error, StorageError):
        return NextStep(BLOCKED, attempts, reason=reason)
    if error.is_retryable or isinstance(error, StorageError):
        return NextStep(PENDING, attempts, backoff_s(attempts, chance), reason, job.progress)
    return NextStep(BLOCKED, attempts, reason=reason)
