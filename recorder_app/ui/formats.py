"""Times, lengths, sizes and days as people read them (LOOK.md, Words). Pure; days come from QLocale."""

from __future__ import annotations

import datetime as dt

from PySide6.QtCore import QCoreApplication, QDate, QLocale


def tr(text: str, /, **values: object) -> str:
    """Translate a text of this module, then fill in its {names}."""
    return QCoreApplication.translate("formats", text).format(**values)


def clock(ms: int) -> str:
    """Return a position: 0:07 is written 00:07, an hour 1:01:12."""
    seconds = max(0, ms) // 1000
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def length(ms: int) -> str:
    """Return how long something is: 48 min, 1 h 04 min, 40 s, and from 100 hours on only those."""
    seconds = round(max(0, ms) / 1000)
    if seconds < 60:
        return tr("{seconds} s", seconds=seconds)
    minutes = round(seconds / 60)
    if minutes < 60:
        return tr("{minutes} min", minutes=minutes)
    if minutes >= 100 * 60:
        return tr("{hours} h", hours=minutes // 60)
    return tr("{hours} h {minutes:02} min", hours=minutes // 60, minutes=minutes % 60)


def size(byte_count: int) -> str:
    """Return a size in decimal units, one digit: 20.4 MB."""
    value, unit = float(byte_count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    digits = 0 if unit == "B" else 1
    return f"{QLocale().toString(value, 'f', digits)} {unit}"


def time_of_day(moment: dt.datetime) -> str:
    """Return the local time of an aware moment: 14:30."""
    return moment.astimezone().strftime("%H:%M")


def day(moment: dt.datetime, now: dt.datetime) -> str:
    """Return a moment's local day as a heading: Today, Yesterday, Friday 13 November (with year if old)."""
    local, today = moment.astimezone().date(), now.astimezone().date()
    if local == today:
        return tr("Today")
    if local == today - dt.timedelta(days=1):
        return tr("Yesterday")
    pattern = "dddd d MMMM" if local.year == today.year else "dddd d MMMM yyyy"
    return QLocale().toString(QDate(local.year, local.month, local.day), pattern)


def short_day(moment: dt.datetime, now: dt.datetime) -> str:
    """Return a moment's local day inside a sentence: Today, Yesterday, Thu 19 Nov."""
    local, today = moment.astimezone().date(), now.astimezone().date()
    if (today - local).days in (0, 1):
        return day(moment, now)
    pattern = "ddd d MMM" if local.year == today.year else "ddd d MMM yyyy"
    return QLocale().toString(QDate(local.year, local.month, local.day), pattern)


def disk_left(minutes: int) -> str:
    return tr("{length} of disk left", length=length(minutes * 60_000))
