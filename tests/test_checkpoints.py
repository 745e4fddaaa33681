"""Weights are fetched, resumed and verified against a real HTTP server, and checked again before they are used."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plugin import engine_list
from tam_core import published
from tam_core.checkpoints import Checkpoint, CheckpointFolder, models_folder, sha256_of
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


def test_a_folder_that_cannot_be_made_says_what_to_set(checkpoint: Checkpoint, models: Path) -> None:
    models.parent.mkdir(parents=True, exist_ok=True)
    models.write_text("a file")
    with pytest.raises(DownloadError, match="TAM_MODELS"):
        list(checkpoint.fetch())


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


def test_a_file_of_another_size_is_not_ready_and_says_so_when_it_is_wanted(
    checkpoint: Checkpoint, models: Path, server: Server
) -> None:
    row = EngineSpec("odd", "segmenter", "nowhere:load", "", "MIT", checkpoint=checkpoint)
    models.mkdir()
    (models / "weights.pth").write_bytes(CONTENT[:12])
    assert checkpoint.find() is None
    assert not row.ready
    with pytest.raises(
        EngineNotReadyError, match=rf"weights\.pth in {models} has 12 bytes, expected 3000000.*fetch odd"
    ):
        row.load()
    with pytest.raises(DownloadError, match=r"has 12 bytes, expected 3000000.*Move it away"):
        list(checkpoint.fetch())
    assert (models / "weights.pth").read_bytes() == CONTENT[:12], "a person put it there"
    assert server.ranges == []
    (models / "weights.pth").write_bytes(CONTENT)
    assert row.ready


def test_a_damaged_file_is_refused_before_it_is_used_and_left_where_it_is(checkpoint: Checkpoint, models: Path) -> None:
    row = EngineSpec("odd", "segmenter", "nowhere:load", "", "MIT", checkpoint=checkpoint)
    models.mkdir()
    (models / "weights.pth").write_bytes(b"?" + CONTENT[1:])
    with pytest.raises(
        EngineNotReadyError, match=rf"weights\.pth in {models} is damaged.*expected {checkpoint.sha256}"
    ):
        row.load()
    assert left_in(models) == ["weights.pth"]


def test_where_no_hash_is_published_the_size_decides(checkpoint: Checkpoint, models: Path) -> None:
    unknown = replace(checkpoint, sha256=None)
    list(unknown.fetch())
    assert unknown.checked() == models / "weights.pth"
    (models / "weights.pth").unlink()
    with pytest.raises(DownloadError, match="3000000 bytes with SHA-256"):
        list(replace(unknown, size=2_000_000).fetch())
    assert left_in(models) == []


@pytest.fixture
def folder(checkpoint: Checkpoint) -> CheckpointFolder:
    return CheckpointFolder(
        "model", tuple(replace(checkpoint, file_name=f"model/{name}") for name in ("config.json", "weights.pth"))
    )


def test_a_model_of_several_files_is_ready_when_all_are_there(
    folder: CheckpointFolder, models: Path, server: Server
) -> None:
    first, second = folder.files
    list(first.fetch())
    assert folder.find() is None
    progress = list(folder.fetch())
    assert progress == sorted(progress)
    assert progress[0] == len(CONTENT)
    assert progress[-1] == folder.size == 2 * len(CONTENT)
    assert len(server.ranges) == 2, "the first one was there already"
    assert folder.find() == folder.checked() == models / "model"
    second.path.write_bytes(b"?" + CONTENT[1:])
    with pytest.raises(EngineNotReadyError, match=r"weights\.pth in .*model is damaged"):
        folder.checked()
    second.path.write_bytes(b"short")
    assert folder.find() is None
    assert "has 5 bytes" in str(folder.wrong_size())


@pytest.fixture
def table(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The engines of the command line: one that is here, one to fetch, and one made of both."""
    here = EngineSpec("here", "segmenter", "nowhere:load", "", "MIT", rank=1)
    fetched = EngineSpec("fetched", "tracker", "nowhere:load", "", "MIT", checkpoint=checkpoint, rank=5)
    loop = EngineSpec("loop", "tracker", "nowhere:load", "", "MIT", parts=(here, fetched), rank=4)
    plain = EngineSpec("plain", "tracker", "nowhere:load", "", "MIT", rank=1)
    table = Registry(here, fetched, loop, plain)
    monkeypatch.setattr(engine_list, "ENGINES", table)
    return table


def test_fetching_an_engine_made_of_others_fetches_these(table: Registry, models: Path) -> None:
    assert not table.get("loop", "tracker").ready
    assert engine_list.fetch_engine("loop") == f"fetched is ready: {models / 'weights.pth'}"
    assert table.get("loop", "tracker").ready
    assert engine_list.fetch_engine("fetched") == f"fetched is already here: {models / 'weights.pth'}"
    with pytest.raises(UnknownEngineError, match="these do: fetched, loop"):
        engine_list.fetch_engine("plain")


def test_fetching_what_is_here_and_damaged_says_so(table: Registry, models: Path) -> None:
    models.mkdir()
    (models / "weights.pth").write_bytes(b"?" + CONTENT[1:])
    with pytest.raises(EngineNotReadyError, match="damaged"):
        engine_list.fetch_engine("fetched")


def test_a_hash_that_is_not_published_is_shown(
    checkpoint: Checkpoint, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = EngineSpec("odd", "tracker", "nowhere:load", "", "MIT", checkpoint=replace(checkpoint, sha256=None))
    monkeypatch.setattr(engine_list, "ENGINES", Registry(row))
    said = engine_list.fetch_engine("odd")
    assert "not published" in said
    assert sha256_of(models / "weights.pth") in said


def test_a_note_names_the_better_engine_until_something_was_fetched(
    table: Registry, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine_list.suggest_better({"tracker": "auto", "segmenter": "auto"})
    said = capsys.readouterr()
    assert said.err == "tam: note: fetched tracks better; fetch it with: tam engines fetch fetched (3 MB)\n"
    assert not said.out
    engine_list.suggest_better({"tracker": "plain", "segmenter": "auto"})
    assert not capsys.readouterr().err
    models.mkdir()
    (models / "weights.pth").write_bytes(b"half")
    engine_list.suggest_better({"tracker": "auto"})
    assert "weights.pth in" in capsys.readouterr().err
    (models / "weights.pth").write_bytes(CONTENT)
    engine_list.suggest_better({"tracker": "auto"})
    assert not capsys.readouterr().err


def test_the_published_files_are_named_once_and_fully() -> None:
    rows = [value for value in vars(published).values() if isinstance(value, Checkpoint | CheckpointFolder)]
    files = [file for row in rows for file in (row.files if isinstance(row, CheckpointFolder) else (row,))]
    assert len({file.file_name for file in files}) == len({file.url for file in files}) == len(files) == 12
    for file in files:
        assert file.url.startswith("https://")
        assert file.url.endswith(Path(file.file_name).name)
        assert file.sha256 is None or len(bytes.fromhex(file.sha256)) == 32
    assert [file.file_name for file in files if file.sha256 is None] == ["XMem.pth"]
