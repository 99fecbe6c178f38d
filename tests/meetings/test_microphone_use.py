"""Every way to tell who uses the microphone: one suite; then what each has to leave out."""

from __future__ import annotations

import os
import subprocess

import pytest

from recorder_app.capture.microphone_use import USES, for_this_machine
from recorder_app.capture.microphone_use.base import MicUser
from recorder_app.capture.microphone_use.macos import MacMicrophoneUse
from recorder_app.capture.microphone_use.pulse import PulseMicrophoneUse, users_of
from recorder_app.capture.microphone_use.windows import Consent, Program, WindowsMicrophoneUse, holders
from recorder_app.capture.routing import Listening
from recorder_app.errors import NoSoundServerError, SoundError
from tests.meetings.conftest import PEAK_DETECT, START_CORKED, until

FILETIME = 133_765_344_123_456_789
CHROME = r"C:\Program Files\Google\Chrome\Application\chrome.exe"
CHROME_KEY = CHROME.replace("\\", "#")
TEAMS = "MSTeams_8wekyb3d8bbwe"


class MicrophoneUseContract:
    """What the meeting watch relies on, whoever tells."""

    def test_it_has_the_name_of_a_system_we_know(self, use):
        assert use.name in {make().name for _, make in USES}

    def test_it_says_whether_it_can_tell_in_words(self, use):
        found = use.probe()

        assert found.is_ok or (found.reason and found.hint)

    def test_it_can_be_asked_again_after_it_was_closed(self, use):
        first = use.users()
        use.close()
        use.close()

        assert use.users() == first
        use.close()

    def test_it_names_programs(self, use):
        assert all(isinstance(user, MicUser) and user.app_id for user in use.users())


class TestPulse(MicrophoneUseContract):
    pytestmark = pytest.mark.sound

    @pytest.fixture
    def use(self, programs):
        programs.listen("zoom")
        use = PulseMicrophoneUse()
        yield use
        use.close()


class TestWindows(MicrophoneUseContract):
    @pytest.fixture
    def use(self):
        return WindowsMicrophoneUse(
            lambda: [Consent(CHROME_KEY, is_packaged=False, stopped=0)], lambda: [Program(40, CHROME)]
        )


class TestMac(MicrophoneUseContract):
    @pytest.fixture
    def use(self):
        return MacMicrophoneUse()


@pytest.mark.parametrize(
    ("platform", "name"), [("linux", "pulse"), ("win32", "windows"), ("darwin", "macos"), ("sunos5", None)]
)
def test_each_system_has_its_own(platform, name):
    use = for_this_machine(platform)

    assert (use.name if use else None) == name


# -- the sound server -----------------------------------------------------------------------------------------


@pytest.fixture
def names():
    """Who uses the microphone, by name."""
    use = PulseMicrophoneUse()
    yield lambda own_pids=(): [user.app_id for user in use.users(own_pids)]
    use.close()


@pytest.mark.sound
def test_programs_at_the_microphone_are_told_with_their_process(programs):
    pids = {name: programs.listen(name) for name in ("zoom", "chrome", "dictation")}
    use = PulseMicrophoneUse()

    found = {user.app_id: user.pid for user in use.users()}

    use.close()
    assert found == pids


@pytest.mark.sound
def test_a_program_that_leaves_is_gone(programs, names):
    pid = programs.listen("zoom")
    assert names() == ["zoom"]

    programs.end(pid)

    assert names() == []


@pytest.mark.sound
def test_what_hears_the_call_is_no_user_of_the_microphone(programs, names):
    programs.listen("zoom", source="call.monitor")

    assert names() == []


@pytest.mark.sound
@pytest.mark.parametrize(("flags", "found"), [(0, ["chrome"]), (START_CORKED, []), (PEAK_DETECT, [])])
def test_corked_streams_and_level_meters_do_not_count(programs, names, flags, found):
    programs.listen_oddly("chrome", flags)

    assert names() == found


@pytest.mark.sound
def test_our_own_processes_and_their_children_are_left_out(programs, names, sound):
    theirs = programs.listen("zoom")
    child = subprocess.Popen(
        [programs.binary("chrome"), "--record", "--raw", "--device=mic"], stdout=subprocess.DEVNULL
    )
    try:
        until(lambda: sorted(names()) == ["chrome", "zoom"], "both are seen when nobody is us")

        assert names([os.getpid()]) == ["zoom"]
        assert names([os.getpid(), theirs]) == []
    finally:
        child.kill()
        child.wait(5)
    until(lambda: names() == ["zoom"], "our child is gone")


@pytest.mark.sound
def test_our_own_microphone_stream_is_left_out_by_its_mark(programs, names):
    from recorder_app.capture.pulse import PulseBackend
    from recorder_app.models import Track

    programs.listen("zoom")
    blocks = []
    stream = PulseBackend().open("mic", Track.MIC, blocks.append)
    try:
        until(lambda: blocks, "we hear the microphone")

        # Without being told which process is ours: a capture process that survived its app.
        assert names() == ["zoom"]
    finally:
        stream.close()


def test_without_a_sound_server_nobody_can_tell(tmp_path, monkeypatch):
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/nobody")
    use = PulseMicrophoneUse()

    assert not use.probe().is_ok
    with pytest.raises(NoSoundServerError):
        use.users()


@pytest.mark.sound
def test_a_sound_server_that_comes_back_is_asked_again(tmp_path, monkeypatch):
    from recorder_app.demo.pulse import PrivatePulse

    server = PrivatePulse(tmp_path)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    use = PulseMicrophoneUse()
    try:
        server.start_server()
        assert use.users() == []
        server.stop_server()
        with pytest.raises(SoundError):
            use.users()

        server.start_server()

        assert use.users() == []
    finally:
        use.close()
        server.close()


# -- streams as other programs and servers show them ------------------------------------------------------------


def stream(*, on_monitor: bool | None = False, corked: bool = False, **properties: str) -> Listening:
    known = {"application.process.id": "77", "application.process.binary": "zoom"}
    renamed = {name.replace("_", "."): value for name, value in properties.items()}
    kept = {name: value for name, value in (known | renamed).items() if value}
    return Listening(kept, is_on_monitor=on_monitor, is_corked=corked, is_meter=False)


@pytest.mark.parametrize(
    "left_out",
    [
        stream(on_monitor=None),
        stream(media_role="filter"),
        stream(application_process_id=""),
        stream(stream_monitor="true"),
        stream(resample_peaks="true"),
        stream(stream_capture_sink="true"),
        stream(application_id="recorder_app"),
    ],
    ids=["no source yet", "filter", "no process", "monitor", "meter", "sink", "another Recorder"],
)  # fmt: skip
def test_a_stream_that_is_no_program_listening_is_left_out(left_out):
    assert users_of([left_out]) == []


@pytest.mark.parametrize(
    ("properties", "executable", "app_id"),
    [
        ({"application.process.binary": "teams-for-linux"}, "", "teams-for-linux"),
        (
            {"application.process.binary": "electron", "application.id": "com.slack.Slack"},
            "",
            "com.slack.Slack",
        ),
        ({"pipewire.access.portal.app_id": "us.zoom.Zoom"}, "", "us.zoom.Zoom"),
        ({"application.process.binary": "electron"}, "slack", "slack"),
        ({"application.name": "ZOOM VoiceEngine"}, "", "ZOOM VoiceEngine"),
        ({"application.process.binary": "electron", "application.name": "Notes"}, "electron", "Notes"),
    ],
)
def test_a_program_in_a_sandbox_or_a_runtime_is_named_by_what_says_more(properties, executable, app_id):
    found = users_of(
        [Listening({"application.process.id": "77"} | properties, False, False, False)],
        parent=lambda _pid: None,
        executable=lambda _pid: executable,
    )

    assert [user.app_id for user in found] == [app_id]


def test_a_process_tree_that_bites_its_tail_ends():
    assert users_of([stream()], [5], parent={77: 78, 78: 77}.get)


# -- Windows: data in the store's shape ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consent", "running", "found"),
    [
        (Consent(CHROME_KEY, is_packaged=False, stopped=0), [Program(40, CHROME)], ["chrome.exe"]),
        (Consent(CHROME_KEY.upper(), is_packaged=False, stopped=0), [Program(40, CHROME)], ["CHROME.EXE"]),
        (
            Consent(TEAMS, is_packaged=True, stopped=0),
            [Program(41, "C:\\x\\ms-teams.exe", TEAMS)],
            ["MSTeams"],
        ),
        (Consent(CHROME_KEY, is_packaged=False, stopped=FILETIME), [Program(40, CHROME)], []),
        (Consent(CHROME_KEY, is_packaged=False, stopped=None), [Program(40, CHROME)], []),
        (Consent(CHROME_KEY, is_packaged=False, stopped=0), [Program(40, "C:\\other\\chrome.exe")], []),
        (Consent(TEAMS, is_packaged=True, stopped=0), [], []),
        (Consent(CHROME_KEY, is_packaged=False, stopped=0), [Program(40, CHROME), Program(7, CHROME)], []),
    ],
    ids=["held", "case", "package", "released", "never used", "crashed", "package crashed", "ourselves"],
)
def test_who_holds_the_microphone_on_windows(consent, running, found):
    assert [user.app_id for user in holders([consent], running, own_pids=[7])] == found


def test_on_windows_the_process_list_is_asked_for_only_when_somebody_holds_the_microphone():
    def never():
        raise AssertionError("asked for nothing")

    use = WindowsMicrophoneUse(lambda: [Consent(CHROME_KEY, is_packaged=False, stopped=FILETIME)], never)

    assert use.users() == []


def test_a_windows_that_keeps_no_such_store_says_so():
    def refuse():
        raise SoundError("This Windows does not tell", hint="A newer one does")

    found = WindowsMicrophoneUse(refuse, list).probe()

    assert (found.is_ok, found.reason) == (False, "This Windows does not tell")
