"""The person's choices, in one JSON file. State (cursors, geometry, jobs) does not live here."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recorder_app.errors import StorageError, UsageError

LOCAL = "local"
APPEARANCES = ("system", "light", "dark")
MEETING_DETECTION = ("off", "suggest", "automatic")


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """Immutable; `SettingsFile.save` writes a changed copy."""

    workspace: str = LOCAL
    """"local" for the embedded backend, else the server's origin ("https://eu.posthog.com")."""
    project_id: str = "@current"
    upload_url: str | None = None
    """A tus endpoint of one's own for servers that take no media."""
    mic_source: str = "default"
    system_source: str = "default"
    hotkey: str = "Ctrl+Alt+R"
    speaker_name: str = "You"
    appearance: str = "system"
    bitrate: int = 64_000
    """bit/s of the Ogg/Opus file; 64 kbit/s keeps the sides apart (reference/media.md)."""
    confirm_quit: bool = True
    meeting_detection: str = "suggest"
    """off; suggest (says that a call is going on); automatic (records it and stops when it ends)."""
    ignored_meeting_apps: tuple[str, ...] = ()
    """Programs whose calls are nobody's business, by the name we show ("Discord") or their own."""

    @property
    def is_local(self) -> bool:
        return self.workspace == LOCAL


def with_environment(settings: Settings, environment: Mapping[str, str] = os.environ) -> Settings:
    """Apply POSTHOG_HOST, POSTHOG_PROJECT_ID and RECORDER_UPLOAD_URL over the stored choices."""
    changes: dict[str, Any] = {}
    host = environment.get("POSTHOG_HOST", "").strip().rstrip("/")
    if host:
        if not host.startswith(("http://", "https://")):
            raise UsageError(
                "POSTHOG_HOST is not an address", detail=host, hint="Write it as https://eu.posthog.com"
            )
        changes["workspace"] = host
    if project := environment.get("POSTHOG_PROJECT_ID", "").strip():
        changes["project_id"] = project
    if upload := environment.get("RECORDER_UPLOAD_URL", "").strip():
        changes["upload_url"] = upload
    return dataclasses.replace(settings, **changes)


class SettingsFile:
    """Reads and writes `settings.json`. Unknown keys of a newer version are kept as they are."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Settings:
        """Return the stored settings; defaults where there is none. Raise StorageError if unreadable."""
        known = {field.name: field for field in dataclasses.fields(Settings)}
        raw = self._read()
        defaults = Settings()
        values = {
            name: raw[name]
            for name in known
            if name in raw and _fits(raw[name], getattr(defaults, name), is_optional=name == "upload_url")
        }
        if values.get("appearance", "system") not in APPEARANCES:
            del values["appearance"]
        if values.get("meeting_detection", "suggest") not in MEETING_DETECTION:
            del values["meeting_detection"]
        return Settings(**values)

    def save(self, settings: Settings) -> None:
        """Write atomically; a crash leaves either the old or the new file."""
        raw = self._read() | dataclasses.asdict(settings)
        temporary = self._path.with_suffix(".json.part")
        try:
            temporary.touch(mode=0o600)
            temporary.write_text(json.dumps(raw, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            temporary.replace(self._path)
        except OSError as error:
            raise StorageError(
                "The settings could not be saved", detail=str(error.strerror), hint="Free the data folder"
            ) from error

    def _read(self) -> dict[str, Any]:
        try:
            raw = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise StorageError(
                "The settings file cannot be read",
                detail=str(self._path),
                hint="Mend it or move it away; Recorder then starts with defaults",
            ) from error
        if not isinstance(raw, dict):
            return {}
        # JSON knows no tuples; our lists are of words only.
        return {name: tuple(value) if _is_words(value) else value for name, value in raw.items()}


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _fits(value: object, default: object, *, is_optional: bool) -> bool:
    if value is None or default is None:
        return is_optional and (value is None or isinstance(value, str))
    return type(value) is type(default)
