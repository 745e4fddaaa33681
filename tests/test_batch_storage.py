"""Files behind addresses are used as those here: fetched once, put whole, told apart when they change."""

import uuid
from pathlib import Path

import pytest

from plugin.batch import storage
from tam_core.errors import OutputError, SourceNotFoundError


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(storage.CACHE, str(tmp_path / "cache"))
    return f"memory://{uuid.uuid4().hex}"


def test_a_file_goes_there_and_comes_back(address: str, tmp_path: Path) -> None:
    made = tmp_path / "made.bin"
    made.write_bytes(b"one")
    target = storage.joined(address, "deep/made.bin")
    storage.put(made, target)
    assert storage.exists(target) and storage.fetch(target).read_bytes() == b"one"
    assert storage.fetch(target) == storage.fetch(target)
    before = storage.fingerprint(target)
    made.write_bytes(b"another")
    storage.put(made, target)
    assert storage.fingerprint(target) != before
    assert storage.fetch(target).read_bytes() == b"another"
    storage.remove(target)
    assert not storage.exists(target)
    with pytest.raises(SourceNotFoundError):
        storage.fetch(target)


def test_a_folder_goes_there_and_comes_back_without_what_was_there(address: str, tmp_path: Path) -> None:
    target = storage.joined(address, "masks")
    for count in (3, 2):
        made = tmp_path / f"masks{count}"
        made.mkdir()
        for index in range(count):
            (made / f"{index}.png").write_bytes(bytes([index]))
        storage.put(made, target)
    assert sorted(one.name for one in storage.fetch(target).iterdir()) == ["0.png", "1.png"]


def test_a_folder_is_told_from_one_with_other_pictures_of_the_same_size(address: str, tmp_path: Path) -> None:
    made, elsewhere = tmp_path / "shot", storage.joined(address, "shot")
    made.mkdir()
    prints = []
    for content in (b"one", b"two"):
        (made / "1.bmp").write_bytes(content)
        here = storage.fingerprint(str(made))
        storage.put(made, elsewhere)
        prints.append((here, storage.fingerprint(elsewhere)))
    assert prints[0][0] != prints[1][0] and prints[0][1] != prints[1][1]


def test_texts(address: str, tmp_path: Path) -> None:
    for folder in (address, str(tmp_path)):
        path = storage.joined(folder, "a/b.json")
        assert storage.read_text(path) is None
        storage.write_text(path, "words")
        assert storage.read_text(path) == "words"


def test_names_in_folders(tmp_path: Path) -> None:
    assert storage.joined("s3://bucket/in/", "a.mp4") == "s3://bucket/in/a.mp4"
    assert storage.joined("in", "s3://bucket/a.mp4") == "s3://bucket/a.mp4"
    assert storage.joined("in", "/a.mp4") == "/a.mp4"


def test_a_folder_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/to a friend.txt").touch()
    with pytest.raises(OutputError, match="to a friend"):
        storage.check_not_strange(str(tmp_path / "letters"))


def test_an_address_of_no_known_kind_is_told() -> None:
    with pytest.raises(SourceNotFoundError, match="nowhere"):
        storage.fetch("nowhere://a/b.mp4")
