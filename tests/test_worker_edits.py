"""Edits over HTTP: effects, replacements, backgrounds, what is refused, forecasts, provenance and receipts."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plugin.link import wire
from tam_core.types import Pixels
from tam_core.video import open_video
from tests.media import add_sound, make_video
from tests.test_worker_sessions import COUNT, SCENE, asked, done, opened, prompted, serving, state_of
from tests.worker_fixtures import Service

BLUE = (20, 40, 220)
AWAY = np.s_[:20]
"""Rows where the disc never is, nor its soft edge."""
EDITS = ("remove", "replace", "replace-background", "effect")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("clip")
    silent = make_video(folder / "silent.mp4", SCENE.frames, options={"crf": "10"})
    return add_sound(silent, folder / "disc.mp4", seconds=0.3).read_bytes()


@pytest.fixture
def service(tmp_path: Path, clip: bytes) -> Iterator[Service]:
    with serving(tmp_path) as service:
        (service.opened / "disc.mp4").write_bytes(clip)
        yield service


@pytest.fixture
def session(service: Service) -> str:
    """One object, tracked."""
    session = opened(service, service.opened / "disc.mp4")
    prompted(service, session)
    done(service, session, "track")
    return session


def blue_picture() -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", (40, 40), BLUE).save(encoded, "PNG")
    return encoded.getvalue()


def results(service: Service, session: str) -> list[Pixels]:
    """Every frame of the result, exactly."""
    job = done(service, session, "export", format="ffv1")
    assert job["outcome"]["passed"], job["outcome"]
    path = service.opened / "result.mkv"
    path.write_bytes(service.client.get(job["download"]).content)
    return [frame.pixels for frame in open_video(path).frames()]


def sources(service: Service) -> list[Pixels]:
    return [frame.pixels for frame in open_video(service.opened / "disc.mp4").frames()]


def blueness(pixels: Pixels, where: Any) -> float:
    return float((pixels[where].astype(int) @ [-1, -1, 2]).mean())


def test_an_effect_changes_its_layer_alone_and_is_one_step_of_the_history(service: Service, session: str) -> None:
    before = state_of(service, session)["step"]
    job = done(service, session, "effect", parameters={"object": "overlay:orange", "feather": 0.0}, start=1, stop=7)
    assert (job["status"], job["kind"], job["done"], job["total"]) == ("done", "effect", 6, 6), job
    state = state_of(service, session)
    assert (state["step"], state["undo"]) == (before + 1, "effect on object 1")
    assert state["removal"]["operation"] == "effect" and not state["removal"]["provenance"]
    for index, (new, old) in enumerate(zip(results(service, session), sources(service), strict=True)):
        changed = (new != old).any(2)
        if 1 <= index < 7:
            assert changed[SCENE.masks[index]].mean() > 0.9
            assert changed[~SCENE.masks[max(index - 1, 0) : index + 2].any(0)].mean() < 0.02
        else:
            assert not changed.any(), "outside of the edit's frames it is the source"
    assert asked(service, "POST", f"/sessions/{session}/undo")["removal"] is None
    assert asked(service, "POST", f"/sessions/{session}/redo")["removal"]["operation"] == "effect"


def test_an_effect_on_the_background_changes_whole_frames(service: Service, session: str) -> None:
    parameters = {"background": "desaturate", "background_value": "amount=1", "feather": 0.0}
    assert done(service, session, "effect", parameters=parameters)["status"] == "done"
    new = results(service, session)[4].astype(int)
    assert (new.max(2) - new.min(2))[AWAY].max() <= 3, "grey"
    assert (new.max(2) - new.min(2))[SCENE.masks[4]].mean() > 20, "the object has its colour"


def test_an_uploaded_picture_takes_the_place_of_the_object(service: Service, session: str) -> None:
    upload = service.client.post("/api/uploads?name=blue.png", content=blue_picture()).json()["id"]
    job = done(service, session, "replace", parameters={"insert": f"upload:{upload}", "tone": 0.0, "grain": False})
    assert job["status"] == "done" and job["done"] == job["total"] > COUNT, job
    old, new = sources(service)[4], results(service, session)[4]
    assert blueness(new, SCENE.masks[4]) > 150 > blueness(old, SCENE.masks[4]) + 100
    assert state_of(service, session)["undo"] == "replacement of object 1"


def test_a_background_is_a_colour_or_a_file_of_an_opened_folder(service: Service, session: str) -> None:
    (service.opened / "blue.png").write_bytes(blue_picture())
    for background in ("#1428dc", str(service.opened / "blue.png")):
        job = done(service, session, "replace-background", parameters={"background": background})
        assert job["status"] == "done", job
        new = results(service, session)[4]
        assert np.abs(new[AWAY].astype(int) - BLUE).max() < 8
        assert blueness(new, SCENE.masks[4]) < 100


@pytest.mark.parametrize(
    ("operation", "message", "status", "says"),
    [
        ("effect", {}, 400, "say what to do"),
        ("effect", {"parameters": {"object": "fireworks"}}, 400, "it has to be"),
        ("effect", {"parameters": {"object": "erase", "object_value": "inpainter=lama=/etc/passwd"}}, 400, "inpainter"),
        ("effect", {"parameters": {"object": "overlay", "object_value": "no colour"}}, 400, "overlay"),
        ("effect", {"parameters": {"object": "blur"}, "inpainter": "lama=/etc/passwd"}, 403, "no folder that you"),
        ("replace", {}, 400, "insert"),
        ("replace", {"parameters": {"insert": "/etc/passwd"}}, 403, "no folder that you opened"),
        ("replace", {"parameters": {"insert": "blue.png"}}, 422, "not a full path"),
        ("replace", {"parameters": {"insert": "upload:0123456789abcdef"}}, 404, "no upload"),
        ("replace", {"parameters": {"insert": "upload:../../x"}}, 404, "no upload"),
        ("replace-background", {"parameters": {"background": "/etc/passwd"}}, 403, "no folder that you opened"),
        ("replace-background", {"parameters": {"background": ""}}, 400, "background"),
        ("replace-words", {"parameters": {"prompt": " "}}, 400, "in words"),
        ("replace-words", {"parameters": {"prompt": "a cat", "model": "/etc"}}, 403, "no folder that you opened"),
        ("replace-words", {"parameters": {"prompt": "a cat", "model": "nobody/nothing-of-it"}}, 409, "fetch"),
        ("remove", {"parameters": {"memory": 0.1}}, 400, "memory budget"),
        ("remove", {"parameters": {"insert": "x"}}, 400, "no parameter"),
        ("forecast", {"parameters": {"grow": -2}}, 400, "grow"),
        ("forecast", {"objects": []}, 400, "no object"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    service: Service, session: str, operation: str, message: dict[str, Any], status: int, says: str
) -> None:
    jobs = len(service.worker.jobs.all())
    problem = asked(service, "POST", f"/sessions/{session}/{operation}", status, **(message or {"start": 0}))
    assert says in problem["message"], problem
    assert len(service.worker.jobs.all()) == jobs


def test_a_file_that_is_no_picture_is_refused_and_so_is_one_that_is_not_there(service: Service, session: str) -> None:
    address = f"/sessions/{session}/replace"
    (service.opened / "letter.png").write_text("dear all")
    for name, status in (("letter.png", 400), ("absent.png", 404)):
        asked(service, "POST", address, status, parameters={"insert": str(service.opened / name)})


def test_every_edit_ends_alike_and_its_files_go_with_it(service: Service, session: str) -> None:
    (service.opened / "blue.png").write_bytes(blue_picture())
    given = {
        "replace": {"insert": str(service.opened / "blue.png")},
        "replace-background": {"background": "teal"},
        "effect": {"object": "erase"},
    }
    folder = Path(state_of(service, session)["project"]) / "files"
    for name in EDITS:
        job = done(service, session, name, parameters=given.get(name, {}))
        assert (job["status"], job["done"]) == ("done", job["total"]), job
        assert state_of(service, session)["removal"]["operation"] == name
        assert service.client.get(f"/api/sessions/{session}/frames/3?of=removal").status_code == 200
    assert len(list(folder.glob("edit-????????.mkv"))) == len(EDITS)
    for _ in EDITS:
        asked(service, "POST", f"/sessions/{session}/undo")
    done(service, session, "effect", parameters={"object": "glow"})
    assert len(list(folder.glob("edit-*"))) == 1


def test_the_shadow_goes_too_if_it_is_wanted(service: Service, session: str) -> None:
    job = done(service, session, "remove", parameters={"shadow": True, "memory": 1.0})
    assert job["status"] == "done" and "made up" in job["result"], job


def test_where_each_pixel_is_from_is_kept_with_a_removal(service: Service, session: str) -> None:
    address = f"/api/sessions/{session}/provenance"
    assert service.client.get(f"{address}/2").status_code == service.client.get(address).status_code == 404
    done(service, session, "remove", start=1, stop=7)
    told = asked(service, "GET", f"/sessions/{session}/provenance")
    assert told["copied"] + told["made_up"] == pytest.approx(1) and told["copied"] > 0.5
    assert told["words"].endswith("made up") and told["hues"][-1] == {"colour": "#ff00ff", "title": "made up"}
    answer = service.client.get(f"{address}/4")
    picture = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert answer.headers["content-type"] == "image/png" and picture.shape == (*SCENE.masks[4].shape, 4)
    assert (picture[SCENE.masks[4]][:, 3] == 255).all()
    assert not picture[~SCENE.masks[3:6].any(0)][:, 3].mean() > 60
    assert {(*pixel,) for pixel in picture[picture[..., 3] == 0].tolist()} == {(0, 0, 0, 0)}
    assert service.client.get(f"{address}/4", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert Image.open(io.BytesIO(service.client.get(f"{address}/4?width=10").content)).width == SCENE.masks[0].shape[1]
    assert service.client.get(f"{address}/0").status_code == 404, "that frame was not edited"
    done(service, session, "effect", parameters={"object": "glow"})
    assert service.client.get(f"{address}/4").status_code == 404


def test_a_forecast_says_what_a_removal_will_be_like_and_changes_nothing(service: Service, session: str) -> None:
    before = state_of(service, session)
    job = done(service, session, "forecast", parameters={"grow": 6})
    assert job["status"] == "done" and "seen on other frames" in job["result"], job
    told = wire.from_data(wire.Job, job).outcome
    assert isinstance(told, wire.Forecast)
    assert 0.5 < told.seen <= 1 and told.frames == COUNT and 0 < told.memory < 8 and told.seconds > 0
    assert told.worst and all(0 <= one.frame < COUNT and 0 < one.hole < 0.5 for one in told.worst)
    assert state_of(service, session) == before


def test_the_export_of_a_result_has_a_receipt_that_names_differences(service: Service, session: str) -> None:
    done(service, session, "effect", parameters={"object": "glow"})
    job = done(service, session, "export", format="h264", path=str(service.opened / "whole.mp4"))
    assert job["outcome"]["passed"] and "checks passed" in job["result"], job
    checks = {one["check"] for one in job["outcome"]["findings"]}
    assert {"frame count", "time stamps", "colour tags", "pixels outside the hole"} <= checks
    job = done(service, session, "export", format="png")
    pixels = next(one for one in job["outcome"]["findings"] if one["check"] == "pixels outside the hole")
    assert pixels["passed"] and "every value is the source's" in pixels["found"]
    for name in ("patch", "json"):
        assert done(service, session, "export", format=name)["outcome"] is None


def test_a_receipt_tells_of_what_a_format_cannot_hold(service: Service, tmp_path: Path) -> None:
    """Ten bits, written as eight."""
    deep = make_video(service.opened / "deep.mov", SCENE.frames, codec="prores_ks", pixel_format="yuv422p10le")
    session = opened(service, deep)
    prompted(service, session)
    done(service, session, "track")
    done(service, session, "effect", parameters={"object": "glow"})
    job = done(service, session, "export", format="h264")
    wrong = [one["check"] for one in job["outcome"]["findings"] if not one["passed"]]
    assert job["status"] == "done" and not job["outcome"]["passed"] and "bit depth" in wrong
    assert "differs from the source" in job["result"] and "bit depth: 8 bits instead of 10" in job["result"]
