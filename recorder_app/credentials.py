"""The only place that sees a server key: the environment first, then the system's keyring.

Keys are never logged, printed, stored in the library or passed as arguments.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping

from recorder_app.errors import RecorderError, SignInError

SERVICE = "recorder-app"
KEYRING_TIMEOUT_S = 15.0
"""A locked keyring opens a prompt and blocks; nobody waits longer than this for it."""


def api_key(workspace: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the personal API key for a server's origin, or None. Blocks up to KEYRING_TIMEOUT_S.

    A key in the environment belongs to POSTHOG_HOST alone.
    """
    if given := _from_environment(workspace, environment):
        return _checked(given)
    stored: list[str | None] = []

    def read() -> None:
        import keyring
        import keyring.errors

        try:
            stored.append(keyring.get_password(SERVICE, workspace))
        except keyring.errors.KeyringError:
            stored.append(None)

    reader = threading.Thread(target=read, name="recorder-keyring", daemon=True)
    reader.start()
    reader.join(KEYRING_TIMEOUT_S)
    return _checked(stored[0]) if stored and stored[0] else None


def _from_environment(workspace: str, environment: Mapping[str, str]) -> str:
    given = environment.get("POSTHOG_PERSONAL_API_KEY", "").strip()
    return given if environment.get("POSTHOG_HOST", "").strip().rstrip("/") in ("", workspace) else ""


def store_api_key(workspace: str, key: str) -> None:
    """Put a key into the keyring and read it back. Raise RecorderError where no keyring keeps it."""
    import keyring
    import keyring.errors

    key = _checked(key.strip())
    try:
        keyring.set_password(SERVICE, workspace, key)
        kept = keyring.get_password(SERVICE, workspace)
    except keyring.errors.KeyringError as error:
        raise RecorderError(
            "The key could not be kept in the keyring",
            detail=type(error).__name__,
            hint="Unlock your keyring, or set POSTHOG_PERSONAL_API_KEY for this session",
        ) from error
    if kept != key:
        # The null backend accepts everything and keeps nothing.
        raise RecorderError(
            "This machine's keyring keeps nothing", hint="Set POSTHOG_PERSONAL_API_KEY for this session"
        )


def key_source(workspace: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Where a server's key comes from: "environment", "keyring", or None. Blocks as `api_key` does."""
    if api_key(workspace, environment) is None:
        return None
    return "environment" if _from_environment(workspace, environment) else "keyring"


def forget_api_key(workspace: str) -> bool:
    """Take a key out of the keyring; False when there was none. Raise RecorderError if it stays there."""
    import keyring
    import keyring.errors

    try:
        if keyring.get_password(SERVICE, workspace) is None:
            return False
        keyring.delete_password(SERVICE, workspace)
    except keyring.errors.NoKeyringError:
        return False
    except keyring.errors.KeyringError as error:
        raise RecorderError(
            "The key could not be taken out of the keyring",
            detail=type(error).__name__,
            hint="Unlock your keyring and try again",
        ) from error
    return True


def _checked(key: str) -> str:
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SignInError(
            "The key contains characters a key cannot have",
            code="authentication_failed",
            hint="Copy it again from PostHog's settings, Personal API keys",
        )
    if key.startswith("phc_"):
        raise SignInError(
            "This is a project token (phc_), not a personal key",
            code="authentication_failed",
            hint="Make a personal API key with the scope desktop_recording:write",
        )
    return key
