"""Replays recorded request/response pairs of the real server, in order, against the embedded backend."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path

from recorder_app.local.app import close_app, create_app
from recorder_app.local.auth import KeyInfo, Person

CONTRACT = Path(__file__).parent.parent / "data" / "contract.json"
ORIGIN = "https://embedded.test"
ADA = Person("Ada", "L", "ada@example.com", "d1", "engineering")
KEYS = {
    "phx_full": KeyInfo(user_id=1, projects=frozenset({1, 2}), person=ADA),
    "phx_dsread": KeyInfo(scopes=frozenset({"dataset:read"})),
    "phx_read": KeyInfo(scopes=frozenset({"desktop_recording:read"})),
    "phx_none": KeyInfo(scopes=frozenset({"insight:read"})),
    "phx_rec": KeyInfo(scopes=frozenset({"desktop_recording:write"})),
    "phx_team1": KeyInfo(projects=frozenset({1, 2}), only_projects=frozenset({1})),
    "phx_team2": KeyInfo(projects=frozenset({1, 2}), only_projects=frozenset({2})),
    "phx_bob": KeyInfo(user_id=2),
    "phx_eve": KeyInfo(user_id=3, projects=frozenset({3}), current_project=3),
}
# Sent by the recorded requests, but not among their recorded headers.
AUTHORIZATION = {
    "one-char bearer": "Bearer x",
    "Token scheme": "Token phx_full",
    "lower-case bearer": "bearer phx_full",
}
# Rows other members made in requests that were not kept: made just before the pair that shows them.
SEEDED = {"list": ("uuid28", "uuid26", "uuid24"), "delete other member's recording": ("uuid32",)}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


def pairs():
    return json.loads(CONTRACT.read_text(encoding="utf-8"))


class Replay:
    def __init__(self, data):
        self.app = create_app(data, key=None, keys=KEYS, projects=frozenset({1, 2, 3}), base_url=ORIGIN)
        self.http = self.app.test_client()
        self.bound: dict[str, str] = {}

    def close(self):
        close_app(self.app)

    def send(self, pair):
        for name in SEEDED.get(pair["name"], ()):
            made = self.http.post(
                "/api/projects/1/desktop_recordings/",
                json={"platform": "zoom"},
                headers={"Authorization": "Bearer phx_bob"},
            )
            self.bound[name] = made.json["id"]
        request = pair["request"]
        headers = dict(request.get("headers", {}))
        if request["key"]:
            headers["Authorization"] = f"Bearer phx_{request['key']}"
        if pair["name"] in AUTHORIZATION:
            headers["Authorization"] = AUTHORIZATION[pair["name"]]
        body = {}
        if "raw" in request:
            body["data"] = request["raw"].encode()
        elif request["json"] is not None:
            body["data"] = self.filled(json.dumps(request["json"]))
            headers["Content-Type"] = "application/json"
        return self.http.open(self.path(request["path"]), method=request["method"], headers=headers, **body)

    def path(self, path):
        first = self.bound.get("uuid1", "")
        path = path.replace("01A20ACA-C66E-7186-A41E-E40202E9C4B6", first.upper())
        return self.filled(path.replace("01a20acac66e7186a41ee40202e9c4b6", first.replace("-", "")))

    def filled(self, text):
        """Put our ids where the recording has <uuidN>; a name nobody has seen yet gets an unknown id."""
        return re.sub(r"<(uuid\d+)>", lambda found: self.bound.setdefault(found[1], str(uuid.uuid4())), text)

    def differences(self, recorded, ours, where=""):
        """Yield where `ours` is not what was recorded; binds <uuidN> at first sight."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            if recorded.keys() != ours.keys():
                yield f"{where}: keys {sorted(recorded.keys() ^ ours.keys())}"
            for name in recorded.keys() & ours.keys():
                yield from self.differences(recorded[name], ours[name], f"{where}.{name}")
        elif isinstance(recorded, list) and isinstance(ours, list):
            if len(recorded) != len(ours):
                yield f"{where}: {len(recorded)} items, ours {len(ours)}"
            for index, (theirs, mine) in enumerate(zip(recorded, ours, strict=False)):
                yield from self.differences(theirs, mine, f"{where}[{index}]")
        elif isinstance(recorded, str) and isinstance(ours, str):
            if not self._same_text(recorded, ours):
                yield f"{where}: {recorded!r}, ours {ours!r}"
        elif type(recorded) is not type(ours) or recorded != ours:
            yield f"{where}: {recorded!r}, ours {ours!r}"

    def _same_text(self, recorded, ours):
        if recorded == "<time>":
            return bool(TIME.fullmatch(ours))
        if recorded == "<upload_token>":
            return len(ours) > 20
        if name := re.fullmatch(r"<(uuid\d+)>", recorded):
            return self.bound.setdefault(name[1], str(uuid.UUID(ours))) == ours
        return self.filled(recorded).replace("https://HOST", ORIGIN) == ours
