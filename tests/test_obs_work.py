"""An order carried out by a real worker: from clicks, or what was picked, to a file beside the video."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from plugin.link import launch, wire
from plugin.link.client import Client
from plugin.link.errors import LinkError
from plugin.obs.orders import Orders, Outcome
from plugin.obs.ports import Affine
from plugin.obs.words import Word
from plugin.obs.work import Order, Said, Stopped, carry_out, free_path
from tam_core.video import open_video
from tests.media import make_video
from tests.scenes import crossing
from tests.worker_fixtures import served, until

COUNT = 12


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    with served(tmp_path) as (worker, _):
        yield Client(worker.access.url, worker.access.token)


@pytest.fixture
def video(tmp_path: Path, client: Client) -> Path:
    return make_video(tmp_path / "opened" / "my clip.mp4", crossing(COUNT).frames, options={"crf": "12"})


def order(video: Path, edit: str = "remove/plate", **more: object) -> Order:
    return Order(video, edit, "h264", engine="flow", segmenter="grabcut", **more)  # type: ignore[arg-type]


def run(client: Client, asked: Order) -> Path:
    return carry_out(client, asked, lambda text: None, lambda: False)


def test_clicks_of_a_larger_picture_are_found_in_the_video_and_the_disc_is_gone(client: Client, video: Path) -> None:
    said = Said((Word(1, (30, 60)),))
    made = run(client, order(video, said=said, place=Affine(2, 0, 20, 0, 2, 0), size=(340, 240)))
    assert made == video.parent / "tam-studio" / "my-clip-remove-1.mp4"
    source = open_video(made)
    assert source.info.frame_count == COUNT
    assert source.read(0).pixels[55:65, 25:35, 0].mean() < 140
    again = run(client, order(video, said=said))
    assert again.name == "my-clip-remove-2.mp4"
    (known,) = client.open(wire.OpenRequest(path=str(video))).objects
    assert known.prompted == [0]


def test_what_was_picked_in_another_session_is_said_again(client: Client, video: Path) -> None:
    still = make_video(video.with_name("still.mp4"), crossing(COUNT).frames[:1])
    state = client.open(wire.OpenRequest(path=str(still), engine="flow", segmenter="grabcut"))
    client.prompt(state.id, wire.PromptRequest([wire.Box(frame=0, object_id=1, xyxy=(12, 42, 48, 78))]))
    made = run(client, order(video, "export/preview", said=Said(session=state.id), size=(160, 120)))
    assert made.name == "my-clip-preview-1.mp4"


def test_a_matte_may_be_a_folder(client: Client, video: Path) -> None:
    made = run(client, order(video, "export/davis", said=Said((Word(1, (30, 60)),))))
    assert len(list(made.glob("*.png"))) == COUNT


def test_a_background_file_is_put_behind_and_its_folder_opened(client: Client, video: Path) -> None:
    folder = video.parent
    Image.new("RGB", (32, 24), (20, 40, 220)).save(folder / "blue.png")
    values = {"replace-background/background": str(folder / "blue.png")}
    said = Said((Word(1, (30, 60)),))
    made = run(client, order(video, "replace-background", said=said, values=values))
    assert made.name == "my-clip-replace-background-1.mp4"
    pixels = open_video(made).read(0).pixels
    assert pixels[5, 150, 2] > 180 > 100 > pixels[5, 150, 0] and pixels[60, 30, 2] < 150
    assert folder in launch.opened_folders(launch.data_folder())


def test_what_is_missing_is_said(client: Client, video: Path) -> None:
    with pytest.raises(LinkError, match="no object is picked in my clip"):
        run(client, order(video))
    with pytest.raises(LinkError, match="cannot do 'remove/gone'"):
        run(client, order(video, "remove/gone"))


def test_what_is_stopped_writes_nothing(client: Client, video: Path) -> None:
    with pytest.raises(Stopped):
        carry_out(client, order(video, said=Said((Word(1, (30, 60)),))), lambda text: None, lambda: True)
    assert not (video.parent / "tam-studio").exists()


def test_a_result_never_gets_the_name_of_a_file_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    first = free_path(tmp_path / "a b?.mkv", "remove", ".mp4")
    first.touch()
    assert first.name == "a-b--remove-1.mp4"
    assert free_path(tmp_path / "a b?.mkv", "remove", ".mp4").name == "a-b--remove-2.mp4"


def test_an_order_that_fails_in_any_way_is_over_and_the_next_one_is_done(client: Client, video: Path) -> None:
    orders = Orders(lambda: client)
    orders.add(order(video.with_name("n" * 300 + ".mp4"), said=Said((Word(1, (30, 60)),))))
    orders.add(order(video, "export/davis", said=Said((Word(1, (30, 60)),))))
    over: list[Outcome] = []
    until(lambda: over.extend(orders.take()) or len(over) == 2)
    orders.close()
    assert "too long" in over[0].problem.lower()
    assert over[1].path and len(list(over[1].path.glob("*.png"))) == COUNT
