"""What buttons, hotkeys and events of OBS lead to: the script's state with a stand-in for OBS and no worker."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin.link import launch
from plugin.link.client import Client
from plugin.link.errors import LinkError
from plugin.obs import panic
from plugin.obs.live import OWN
from plugin.obs.settings import RECORDING
from plugin.obs.studio import Studio
from plugin.obs.swap import COVER
from tests.obs_stand_in import Source, StandIn

NO_WORKER = "there is no 'tam' on PATH: install tam-studio"


@pytest.fixture
def obs() -> StandIn:
    return StandIn(Clip=Source("/videos/clip.mp4"), Camera=Source())


@pytest.fixture
def studio(obs: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    def nobody(**how: object) -> Client:
        raise LinkError(NO_WORKER)

    monkeypatch.setattr(launch, "find_or_start", nobody)
    monkeypatch.setattr(launch, "find", lambda: None)
    one = Studio(obs, {"source": "Clip", "clicks": "80,60"})
    yield one
    one.close()


def warnings(obs: StandIn, studio: Studio, patience: float = 10) -> list[str]:
    """What the user is shown, waited for."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        studio.pump()
        if found := [text for text, warning in obs.said if warning]:
            return found
        time.sleep(0.01)
    return []


@pytest.mark.parametrize("button", ["run", "pick", "find", "page", "arm"])
def test_without_a_worker_every_button_says_what_to_do(obs: StandIn, studio: Studio, button: str) -> None:
    studio.press(button)
    for _ in range(3):
        studio.pump()
    assert NO_WORKER in warnings(obs, studio)[0]
    assert NO_WORKER in studio.status()


@pytest.mark.parametrize(
    ("settings", "button", "reason"),
    [
        ({"source": "Clip", "clicks": "there"}, "run", "'there' is no click"),
        ({"source": "Camera", "clicks": "80,60"}, "run", "Camera plays no file"),
        ({"source": RECORDING, "clicks": "80,60"}, "run", "nothing was recorded yet"),
        ({"source": RECORDING, "clicks": "80,60"}, "arm", "choose what is recorded"),
        ({"source": "Camera"}, "arm", "no object is picked"),
        ({"source": "Gone", "clicks": "80,60"}, "arm", "Gone shows nothing"),
    ],
)
def test_what_cannot_be_done_is_explained(
    obs: StandIn, studio: Studio, settings: dict[str, str], button: str, reason: str
) -> None:
    studio.update(settings)
    studio.press(button)
    assert reason in obs.said[-1][0]


def test_panic_needs_no_worker_and_blurs_scenes_that_come_later(obs: StandIn, studio: Studio) -> None:
    studio.press("panic")
    assert panic.is_on(obs)
    obs.add_scene("Later")
    studio.pump()
    assert obs.has_filter("Later", panic.LARGE)
    assert "PANIC" in studio.status()
    studio.press("panic")
    studio.pump()
    assert not panic.is_on(obs)


def test_a_panic_from_before_a_restart_is_known(obs: StandIn, studio: Studio) -> None:
    panic.turn_on(obs)
    studio.loaded()
    assert "PANIC" in studio.status()


def test_the_next_effect_is_chosen_and_kept(obs: StandIn, studio: Studio) -> None:
    studio.press("next")
    assert obs.settings["look"] == "without"
    studio.press("next")
    assert obs.settings["look"] == "only"


def test_what_a_source_played_is_known_after_a_restart(obs: StandIn, studio: Studio) -> None:
    obs.sources["Clip"].file = "/videos/tam-studio/clip-remove-1.mp4"
    again = Studio(obs, {"source": "Clip", "swapped": '{"Clip": "/videos/clip.mp4"}'})
    again.press("back")
    again.close()
    assert obs.sources["Clip"].file == "/videos/clip.mp4"
    assert COVER + "Clip" not in obs.sources


def test_an_armed_recording_is_queued_when_it_ends_and_one_that_is_not_is_left_alone(
    obs: StandIn, studio: Studio, tmp_path: Path
) -> None:
    obs.recording = str(tmp_path / "recording.mkv")
    studio.recording("begins")
    studio.recording("ends")
    assert studio.status() == "Nothing is under way."
    studio.update({"source": "Clip", "clicks": "80,60", "live": False})
    studio.press("arm")
    assert "armed" in studio.status()
    studio.recording("begins")
    studio.recording("ends")
    assert NO_WORKER in warnings(obs, studio)[0]


def test_disarming_and_unloading_leave_no_filter(obs: StandIn, studio: Studio) -> None:
    studio.press("arm")
    obs.put_filter("Clip", OWN[0], "mask_filter_v2", {})
    studio.press("arm")
    assert not obs.sources["Clip"].filters
    assert not any(camera.open for camera in obs.cameras)
