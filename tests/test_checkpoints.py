"""Weights are fetched, resumed and verified against a real HTTP server; engines that are not here say what to do."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tam_core.checkpoints import Checkpoint, models_folder
from tam_core.engines import ENGINES
from tam_core.errors import DownloadError, EngineNotReadyError, UnknownEngineError
from tam_core.registry import EngineSpec, Registry

CONTENT = np.random.default_rng(0).bytes(3_000_000)


@dataclass
class Server:
    """A file server for CONTENT that notes the Range headers and fails in the asked ways."""

    ranges: list[str | None] = field(default_factory=list)
    knows_ranges: bool = True
    drop_after: int | None = None
    status: int | None = None
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range")
        self.ranges.append(asked)
        if self.status is not None:
            handler.send_error(self.status)
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.knows_ranges else 0
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        handler.send_header("Content-Length", str(len(CONTENT) - start))
        handler.end_headers()
        handler.wfile.write(CONTENT[start : self.drop_after])


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, format: str, *values: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        state.url = f"http://127.0.0.1:{listening.server_port}/weights.pth"
        yield state
        listening.shutdown()
        thread.join()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("TAM_MODELS", str(folder))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return folder


@pytest.fixture
def checkpoint(server: Server, models: Path) -> Checkpoint:
    return Checkpoint("weights.pth", server.url, len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_download_reports_progress_and_ends_under_its_name(checkpoint: Checkpoint, models: Path) -> None:
    assert checkpoint.find() is None
    progress = list(checkpoint.fetch())
    assert progress == sorted(progress)
    assert len(progress) > 1
    assert progress[-1] == len(CONTENT)
    assert checkpoint.find() == models / "weights.pth"
    assert (models / "weights.pth").read_bytes() == CONTENT
    assert left_in(models) == ["weights.pth"]


def test_fetching_what_is_here_asks_the_network_for_nothing(checkpoint: Checkpoint, server: Server) -> None:
    list(checkpoint.fetch())
    assert list(checkpoint.fetch()) == [len(CONTENT)]
    assert server.ranges == [None]


def test_a_partial_file_is_continued(checkpoint: Checkpoint, server: Server, models: Path) -> None:
    models.mkdir()
    (models / "weights.pth.part").write_bytes(CONTENT[:1_000_000])
    progress = list(checkpoint.fetch())
    assert server.ranges == ["bytes=1000000-"]
    assert progress[0] > 1_000_000
    assert (models / "weights.pth").read_bytes() == CONTENT
    assert left_in(models) == ["weights.pth"]


def test_a_server_without_ranges_starts_again(checkpoint: Checkpoint, server: Server, models: Path) -> None:
    server.knows_ranges = False
    models.mkdir()
    (models / "weights.pth.part").write_bytes(b"x" * 1_000_000)
    list(checkpoint.fetch())
    assert (models / "weights.pth").read_bytes() == CONTENT


def test_a_whole_partial_file_only_needs_its_name(checkpoint: Checkpoint, server: Server, models: Path) -> None:
    models.mkdir()
    (models / "weights.pth.part").write_bytes(CONTENT)
    assert list(checkpoint.fetch()) == [len(CONTENT)]
    assert server.ranges == []
    assert checkpoint.find() is not None


def test_a_dropped_connection_keeps_its_bytes_and_is_resumed(
    checkpoint: Checkpoint, server: Server, models: Path
) -> None:
    server.drop_after = 1_200_000
    with pytest.raises(DownloadError, match=r"1200000 of 3000000 bytes.*again"):
        list(checkpoint.fetch())
    assert left_in(models) == ["weights.pth.part"]
    server.drop_after = None
    list(checkpoint.fetch())
    assert server.ranges == [None, "bytes=1200000-"]
    assert (models / "weights.pth").read_bytes() == CONTENT


def test_closing_a_download_keeps_what_came(checkpoint: Checkpoint, server: Server, models: Path) -> None:
    download = checkpoint.fetch()
    here = next(download)
    download.close()
    assert (models / "weights.pth.part").stat().st_size == here
    list(checkpoint.fetch())
    assert server.ranges == [None, f"bytes={here}-"]


def test_another_file_than_the_published_one_is_deleted(checkpoint: Checkpoint, models: Path) -> None:
    wrong = replace(checkpoint, sha256="0" * 64)
    with pytest.raises(DownloadError, match="not the published file"):
        list(wrong.fetch())
    assert left_in(models) == []


def test_a_longer_file_than_the_published_one_is_deleted(checkpoint: Checkpoint, models: Path) -> None:
    with pytest.raises(DownloadError, match="3000000 bytes with SHA-256"):
        list(replace(checkpoint, size=2_000_000).fetch())
    assert left_in(models) == []


def test_a_missing_address_says_which(checkpoint: Checkpoint, server: Server, models: Path) -> None:
    server.status = 404
    with pytest.raises(DownloadError, match=r"weights\.pth could not be fetched \(.*404"):
        list(checkpoint.fetch())
    assert left_in(models) == []


def test_no_server_at_all_is_a_download_error(checkpoint: Checkpoint) -> None:
    with pytest.raises(DownloadError, match="by hand"):
        list(replace(checkpoint, url="http://127.0.0.1:1/weights.pth").fetch())


def test_a_refused_continuation_keeps_the_partial_file(checkpoint: Checkpoint, server: Server, models: Path) -> None:
    server.status = 503
    models.mkdir()
    (models / "weights.pth.part").write_bytes(CONTENT[:1_000_000])
    with pytest.raises(DownloadError, match="1000000 of 3000000 bytes are kept"):
        list(checkpoint.fetch())
    assert left_in(models) == ["weights.pth.part"]


def test_weights_lie_in_the_named_folder_or_in_the_cache(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert models_folder() == models
    monkeypatch.delenv("TAM_MODELS")
    assert models_folder() == Path.home() / ".cache" / "tam-studio" / "models"


def test_a_file_of_another_size_is_not_ready(checkpoint: Checkpoint, models: Path) -> None:
    row = EngineSpec("odd", "segmenter", "nowhere:load", "", "MIT", checkpoint=checkpoint)
    models.mkdir()
    (models / "weights.pth").write_bytes(CONTENT[:-1])
    assert checkpoint.find() is None
    assert not row.ready
    (models / "weights.pth").write_bytes(CONTENT)
    assert row.ready


def test_an_engine_that_is_not_downloaded_says_how_to_get_it(models: Path) -> None:
    row = ENGINES.get("sam-vit-b", "segmenter")
    with pytest.raises(EngineNotReadyError) as caught:
        replace(row, needs=()).load()
    for part in ("sam-vit-b", "sam_vit_b_01ec64.pth", "375 MB", "Apache-2.0", "tam engines fetch sam-vit-b"):
        assert part in str(caught.value)


def test_an_engine_without_its_package_says_which(models: Path) -> None:
    row = EngineSpec("odd", "segmenter", "nowhere:load", "", "MIT", needs=("no_such_package",))
    assert not row.ready
    with pytest.raises(EngineNotReadyError, match="pip install no_such_package"):
        row.load()


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownEngineError, match="did you mean 'grabcut'"):
        ENGINES.get("grabcat", "segmenter")
    with pytest.raises(UnknownEngineError, match="There are: auto, grabcut"):
        ENGINES.get("photoshop", "segmenter")


def test_a_name_counts_only_in_its_role() -> None:
    with pytest.raises(UnknownEngineError, match="no tracker is named 'grabcut'"):
        ENGINES.get("grabcut", "tracker")


def test_auto_is_the_highest_ranked_that_is_ready(models: Path) -> None:
    assert ENGINES.get("auto", "segmenter").ready
    low = EngineSpec("low", "segmenter", "nowhere:load", "", "MIT", rank=1)
    high = replace(low, name="high", rank=9)
    absent = replace(low, name="absent", rank=99, needs=("no_such_package",))
    assert Registry(low, absent, high).get("auto", "segmenter") is high


def test_auto_with_nothing_ready_says_so() -> None:
    absent = EngineSpec("absent", "segmenter", "nowhere:load", "", "MIT", needs=("no_such_package",))
    with pytest.raises(EngineNotReadyError, match="absent"):
        Registry(absent).get("auto", "segmenter")
