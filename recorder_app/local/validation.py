"""The field rules of the real server's serializers, as functions from a JSON value to the stored one.

Pure. Each rule raises InvalidError with the server's own code and sentence; only the first error, in
field order, is ever reported (posthog/README §3, §4.2).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import re
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

Rule = Callable[[Any], Any]

MAX_NUMBER_TEXT = 1000
_TRUE = frozenset({"t", "T", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "1", 1})
_FALSE = frozenset(
    {"f", "F", "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", "0", 0}
)
_DATETIME_DETAIL = (
    "Datetime has wrong format. Use one of these formats instead: "
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_HOST = re.compile(
    r"localhost|(?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-f:.]+\]"
    r"|(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]\.?",
    re.IGNORECASE,
)


class InvalidError(Exception):
    """A refused value. `path` leads from the body to it and becomes `attr`, joined by two underscores."""

    def __init__(self, code: str, detail: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.path = path

    def within(self, step: str) -> InvalidError:
        return InvalidError(self.code, self.detail, (step, *self.path))


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """How one key of an object is checked."""

    rule: Rule
    is_required: bool = False
    is_nullable: bool = False

    def check(self, value: Any) -> Any:
        if value is None:
            if self.is_nullable:
                return None
            raise InvalidError("null", "This field may not be null.")
        return self.rule(value)


def text(*, max_length: int | None = None, may_be_blank: bool = True) -> Rule:
    """Text as Django's CharField takes it: numbers become text, both ends are trimmed."""

    def check(value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise InvalidError("invalid_input", "Not a valid string.")
        trimmed = str(value).strip()
        if not trimmed and not may_be_blank:
            raise InvalidError("blank", "This field may not be blank.")
        if max_length is not None and len(trimmed) > max_length:
            raise InvalidError("max_length", f"Ensure this field has no more than {max_length} characters.")
        if "\x00" in trimmed:
            raise InvalidError("null_characters_not_allowed", "Null characters are not allowed.")
        if lone := _SURROGATE.search(trimmed):
            raise InvalidError(
                "surrogate_characters_not_allowed",
                f"Surrogate characters are not allowed: U+{ord(lone[0]):X}.",
            )
        return trimmed

    return check


def url(*, max_length: int) -> Rule:
    as_text = text(max_length=max_length)

    def check(value: Any) -> str:
        address: str = as_text(value)
        if address and not _is_url(address):
            raise InvalidError("invalid_input", "Enter a valid URL.")
        return address

    return check


def _is_url(address: str) -> bool:
    if any(c.isspace() or not c.isprintable() for c in address):
        return False
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    host = parts.netloc.rpartition("@")[2]
    host = host if host.endswith("]") else re.sub(r":\d{1,5}$", "", host)
    return parts.scheme in ("http", "https", "ftp", "ftps") and bool(_HOST.fullmatch(host))


def choice(allowed: Collection[str]) -> Rule:
    def check(value: Any) -> str:
        if str(value) not in allowed:
            raise InvalidError("invalid_choice", f'"{value}" is not a valid choice.')
        return str(value)

    return check


def integer(bits: int) -> Rule:
    """Return a rule for a signed integer of that many bits; 12.0 and "90" count, 12.5 and true do not."""
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1

    def check(value: Any) -> int:
        written = str(value)
        if len(written) > MAX_NUMBER_TEXT:
            raise InvalidError("max_string_length", "String value too large.")
        try:
            number = int(re.sub(r"\.0*\s*$", "", written))
        except ValueError:
            raise InvalidError("invalid_input", "A valid integer is required.") from None
        if number > high:
            raise InvalidError("max_value", f"Ensure this value is less than or equal to {high}.")
        if number < low:
            raise InvalidError("min_value", f"Ensure this value is greater than or equal to {low}.")
        return number

    return check


def number(value: Any) -> float:
    try:
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        result = math.nan
    # The real server stores an infinity or NaN and then cannot answer any more; refuse it here.
    if not math.isfinite(result):
        raise InvalidError("invalid_input", "A valid number is required.")
    return result


def anything(value: Any) -> Any:
    """Any JSON at all."""
    return value


def boolean(value: Any) -> bool | None:
    try:
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
        if value in ("null", "Null", "NULL", ""):
            return None
    except TypeError:
        pass  # a list or an object cannot be looked up
    raise InvalidError("invalid_input", "Must be a valid boolean.")


def instant(value: Any) -> str:
    """Return the time in UTC with microseconds, so that stored times sort as text."""
    try:
        parsed = dt.datetime.fromisoformat(value)
        aware = parsed.replace(tzinfo=dt.UTC) if parsed.tzinfo is None else parsed
        return stored_time(aware)
    except (TypeError, ValueError, OverflowError):
        raise InvalidError("invalid_input", _DATETIME_DETAIL) from None


def stored_time(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def identifier(value: Any) -> str:
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return str(uuid.UUID(int=value))
        if isinstance(value, str):
            return str(uuid.UUID(hex=value))
    except ValueError:
        pass  # refused below, with everything else that is not one
    raise InvalidError("invalid_input", "Must be a valid UUID.")


def list_of(item: Field, *, min_length: int = 0) -> Rule:
    def check(value: Any) -> list[Any]:
        if not isinstance(value, list):
            name = type(value).__name__
            raise InvalidError("not_a_list", f'Expected a list of items but got type "{name}".')
        kept = []
        for index, element in enumerate(value):
            try:
                kept.append(item.check(element))
            except InvalidError as error:
                raise error.within(str(index)) from None
        if len(kept) < min_length:
            raise InvalidError("min_length", f"Ensure this field has at least {min_length} elements.")
        return kept

    return check


def object_of(fields: Mapping[str, Field]) -> Rule:
    """Return a rule that keeps the known keys which are present and silently drops all others."""

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            detail = f"Invalid data. Expected a dictionary, but got {type(value).__name__}."
            raise InvalidError("invalid_input", detail, ("non_field_errors",))
        kept = {}
        for name, field in fields.items():
            if name not in value:
                if field.is_required:
                    raise InvalidError("required", "This field is required.", (name,))
                continue
            try:
                kept[name] = field.check(value[name])
            except InvalidError as error:
                raise error.within(name) from None
        return kept

    return check


def checked_body(rule: Rule, body: Any) -> dict[str, Any]:
    """Apply an object rule to a whole request body, which may not be null."""
    if body is None:
        raise InvalidError("null", "No data provided")
    try:
        checked: dict[str, Any] = rule(body)
    except InvalidError as error:
        if error.path == ("non_field_errors",):
            raise InvalidError(error.code, error.detail) from None
        raise
    return checked
