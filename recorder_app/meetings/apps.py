"""Programs that people hold calls with, and what they are called where they run. Data.

Names of binaries, Flatpaks, Windows packages and macOS bundles; an unknown program is never a call.
"""

from __future__ import annotations

import dataclasses

from recorder_app.capture.microphone_use.base import MicUser
from recorder_app.models import Platform


@dataclasses.dataclass(frozen=True, slots=True)
class MeetingApp:
    """A program people hold calls with."""

    name: str
    """For people: "a call in {name}"."""
    platform: Platform
    programs: frozenset[str]
    """Case-folded names of binaries, bundles and packages, without ".exe"."""


def _app(name: str, platform: Platform, programs: str) -> MeetingApp:
    return MeetingApp(name, platform, frozenset(programs.casefold().split()))


_ANY = Platform.DESKTOP_AUDIO
"""Also for browsers: which page holds the microphone is theirs to know."""
APPS = (
    _app("Zoom", Platform.ZOOM, "zoom us.zoom.zoom us.zoom.xos"),
    _app("Teams", Platform.TEAMS, "teams ms-teams msteams teams-for-linux com.microsoft.teams"
         " com.microsoft.teams2 com.github.IsmaelMartinez.teams_for_linux"),
    _app("Slack", Platform.SLACK, "slack com.slack.Slack com.tinyspeck.slackmacgap 91750D7E.Slack"),
    _app("Webex", _ANY, "webex webexmta CiscoCollabHost atmgr com.webex.meetingmanager"
         " Cisco-Systems.Spark com.cisco.webexmeetingsapp"),
    _app("Discord", _ANY, "discord discordcanary com.discordapp.Discord com.hnc.Discord"),
    _app("Skype", _ANY, "skype skypeforlinux com.skype.Client Microsoft.SkypeApp"),
    _app("Jitsi Meet", _ANY, "jitsi-meet org.jitsi.jitsi-meet"),
    _app("Element", _ANY, "element element-desktop im.riot.Riot"),
    _app("Chrome", _ANY, "chrome google-chrome google-chrome-stable com.google.Chrome"),
    _app("Chromium", _ANY, "chromium chromium-browser org.chromium.Chromium"),
    _app("Firefox", _ANY, "firefox firefox-bin firefox-esr org.mozilla.firefox Mozilla.Firefox"),
    _app("Edge", _ANY, "msedge microsoft-edge com.microsoft.Edge com.microsoft.edgemac"),
    _app("Brave", _ANY, "brave brave-browser com.brave.Browser"),
    _app("Vivaldi", _ANY, "vivaldi vivaldi-bin com.vivaldi.Vivaldi"),
    _app("Opera", _ANY, "opera com.opera.Opera com.operasoftware.Opera"),
    _app("Safari", _ANY, "com.apple.Safari"),
)  # fmt: skip


def app_of(user: MicUser) -> MeetingApp | None:
    """The meeting program a user of the microphone is; None for dictation, recorders, games, …"""
    program = user.app_id.casefold().removesuffix(".exe")
    return next((app for app in APPS if program in app.programs), None)
