from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from recorder_app.errors import LibraryError
from recorder_app.local.mount import LOCAL_ORIGIN, MAX_UPLOAD_CHUNK, mounted_client

LIST = f"{LOCAL_ORIGIN}/api/projects/1/desktop_recordings/"


def test_many_threads_share_one_client(tmp_path):
    with mounted_client(tmp_path) as http, ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: http.post(LIST, timeout=30).json()["id"], range(40)))

        assert len(made) == 40
        assert http.get(LIST).json()["count"] == 40


def test_it_reaches_nothing_but_itself(tmp_path):
    with mounted_client(tmp_path) as http, pytest.raises(httpx.ConnectError):
        http.get("http://example.com/")


def test_a_chunk_that_would_fill_the_memory_is_refused(tmp_path):
    with mounted_client(tmp_path) as http:
        answer = http.patch(
            f"{LOCAL_ORIGIN}/uploads/x",
            content=b"x" * (MAX_UPLOAD_CHUNK + 1),
            headers={"Content-Type": "application/offset+octet-stream"},
        )

    assert answer.status_code == 413


def test_two_mounts_of_one_folder_see_each_other(tmp_path):
    with mounted_client(tmp_path) as one, mounted_client(tmp_path) as other:
        one.post(LIST)

        assert other.get(LIST).json()["count"] == 1


def test_nothing_is_opened_before_the_first_request(tmp_path):
    with mounted_client(tmp_path / "server"):
        pass

    assert not (tmp_path / "server").exists()


def test_a_damaged_database_reaches_the_caller_in_words(tmp_path):
    (tmp_path / "server.sqlite").write_bytes(b"garbage" * 1000)

    with mounted_client(tmp_path) as http, pytest.raises(LibraryError):
        http.get(LIST)


def test_once_closed_it_stays_closed(tmp_path):
    http = mounted_client(tmp_path)
    http.get(LIST)
    transport = http._transport
    http.close()

    with pytest.raises(httpx.ConnectError):
        transport.handle_request(httpx.Request("GET", LIST))


def test_importing_it_does_not_cost_the_start_of_the_app_a_web_framework():
    program = "import sys, recorder_app.local.mount, recorder_app.local.serve; print('flask' in sys.modules)"

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "False"
