"""Long jobs: what they tell, what they leave, what is refused before they begin, and how they go on after a restart."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inpaint.holes import holes_of
from plugin import stepwise
from plugin.link import wire
from plugin.worker.edited import EditedSource, forget_others, write_changes
from plugin.worker.edits import Remove
from plugin.worker.work import Track
from tam_core import rle
from tam_core.formats.davis import read_davis
from tam_core.formats.ytvos import read_ytvos
from tam_core.masklet import Masklet
from tam_core.video import ArraySource, Frame, open_video
from tests.media import add_sound, make_video, payloads
from tests.scenes import crossing, disc, iou
from tests.test_worker_sessions import COUNT, SCENE, asked, done, opened, painted, prompted, serving, state_of
from tests.worker_fixtures import Service, until


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A disc that crosses the picture, with a tone."""
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
    """One object, prompted on."""
    session = opened(service, service.opened / "disc.mp4")
    prompted(service, session)
    return session


def test_every_frame_is_in_the_project_before_its_masks_are_told(
    service: Service, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int, int]] = []

    def publish(topic: str, event: Any) -> None:
        if event.kind == "masks":
            with service.worker.sessions.using(topic) as open_session:
                ((stored,),) = open_session.project._database.rows(
                    "SELECT count(*) FROM masks WHERE frame = ? AND command > 1", event.frame
                )
            seen.append((topic, event.frame, stored))

    monkeypatch.setattr(service.worker.events, "publish", publish)
    job = done(service, session, "track")
    assert (job["status"], job["done"], job["total"]) == ("done", COUNT, COUNT)
    assert seen == [(session, frame, 1) for frame in range(COUNT)]
    masks = asked(service, "GET", f"/sessions/{session}/masks")
    codes = [rle.parse(SCENE.masks[0].shape, frame["masks"][0]["rle"]["counts"]) for frame in masks]
    assert all(iou(code.decode(), truth) > 0.8 for code, truth in zip(codes, SCENE.masks, strict=True))


def test_tracking_that_is_stopped_keeps_what_it_found_and_can_be_corrected_meanwhile(
    service: Service, session: str
) -> None:
    with service.worker.sessions.using(session) as open_session:
        steps = Track(service.worker, open_session, wire.TrackRequest()).run()
    for _ in range(3):
        next(steps)
    assert state_of(service, session)["objects"][0]["lane"][-1]["stop"] == 3
    problem = asked(service, "POST", f"/sessions/{session}/undo", 400)
    assert problem["type"] == "RequestError" and "tracked" in problem["message"]
    prompted(service, session, painted(6, 2, disc(100, 20, 8)))
    prompted(service, session, painted(6, 2, disc(130, 20, 8)), replace=True)
    prompted(service, session, painted(5, 2, disc(120, 20, 8)))
    assert asked(service, "POST", f"/sessions/{session}/undo")["objects"][1]["prompted"] == [6]
    steps.close()  # type: ignore[attr-defined]
    one, two = state_of(service, session)["objects"]
    assert one["lane"][-1]["stop"] == 3 and one["stale"] and two["prompted"] == [6]
    assert len(asked(service, "POST", f"/sessions/{session}/undo")["objects"]) == 1


def test_tracking_goes_on_after_a_restart(tmp_path: Path, clip: bytes) -> None:
    with serving(tmp_path) as service:
        (service.opened / "disc.mp4").write_bytes(clip)
        session = opened(service, service.opened / "disc.mp4")
        prompted(service, session)
        with service.worker.sessions.using(session) as open_session:
            steps = Track(service.worker, open_session, wire.TrackRequest()).run()
        for _ in range(5):
            next(steps)
        steps.close()  # type: ignore[attr-defined]
        with service.worker.jobs.gate.now():  # so that it does hardly more before it is paused
            job = asked(service, "POST", f"/sessions/{session}/track", start=0)
            asked(service, "POST", f"/jobs/{job['id']}/pause")
    with serving(tmp_path) as service:
        (left,) = asked(service, "GET", "/jobs")
        assert (left["id"], left["status"], left["kind"]) == (job["id"], "paused", "track")
        asked(service, "POST", f"/jobs/{job['id']}/resume")
        until(lambda: asked(service, "GET", f"/jobs/{job['id']}")["status"] == "done")
        assert asked(service, "GET", f"/jobs/{job['id']}")["done"] <= COUNT - 5, "the others have their masks"
        assert not state_of(service, session)["objects"][0]["stale"]


def test_a_session_that_is_closed_pauses_its_tracking_and_resuming_opens_it(service: Service, session: str) -> None:
    with service.worker.jobs.gate.now():
        job = asked(service, "POST", f"/sessions/{session}/track", start=0)
        asked(service, "POST", f"/jobs/{job['id']}/pause")
    asked(service, "DELETE", f"/sessions/{session}", 204)
    assert service.worker.sessions.open_count == 0
    assert asked(service, "GET", f"/jobs/{job['id']}")["status"] == "paused"
    asked(service, "POST", f"/jobs/{job['id']}/resume")
    until(lambda: asked(service, "GET", f"/jobs/{job['id']}")["status"] == "done")
    assert state_of(service, session)["objects"][0]["lane"][-1]["stop"] == COUNT


def test_a_removal_takes_the_disc_away_and_is_shown_and_exported(service: Service, session: str) -> None:
    done(service, session, "track")
    job = done(service, session, "remove", start=1, stop=7)
    assert (job["status"], job["done"], job["total"]) == ("done", 6, 6)
    exported = done(service, session, "export", format="ffv1")
    assert exported["status"] == "done", exported
    answer = service.client.get(exported["download"])
    path = service.opened / "result.mkv"
    path.write_bytes(answer.content)
    assert "disc-ffv1.mkv" in answer.headers["content-disposition"]
    source, result = open_video(service.opened / "disc.mp4"), open_video(path)
    assert result.info.frame_count == COUNT
    for index in range(COUNT):
        before, after = source.read(index).pixels.astype(int), result.read(index).pixels.astype(int)
        around = ~SCENE.masks[index - 1 : index + 2].any(0) & (before == after).all(2)
        assert around.mean() > 0.8, "nothing else has changed"
        if 1 <= index < 7:
            assert np.abs(after - SCENE.background[index])[SCENE.masks[index]].mean() < 25
        else:
            assert np.array_equal(before, after), "outside of the removal's frames it is the source"


def test_an_undone_removal_is_the_one_before_and_files_of_others_go(service: Service, session: str) -> None:
    done(service, session, "track")
    folder = Path(state_of(service, session)["project"]) / "files"
    address = f"/api/sessions/{session}/frames/4?of=removal"
    pictures = []
    for grow in (2, 8):
        assert done(service, session, "remove", parameters={"grow": grow})["status"] == "done"
        pictures.append(service.client.get(address).content)
    assert len(list(folder.glob("edit-????????.mkv"))) == 2
    asked(service, "POST", f"/sessions/{session}/undo")
    assert service.client.get(address).content == pictures[0] != pictures[1]
    done(service, session, "remove", parameters={"grow": 5})
    assert len(list(folder.glob("edit-????????.mkv"))) == 2, "the undone one is out of reach"
    for file in folder.glob("edit-*"):
        file.unlink()
    (folder / ".edit-1.2-3.part.mkv").touch()
    asked(service, "DELETE", f"/sessions/{session}", 204)
    assert state_of(service, session)["removal"] is None, "what can be made again may be deleted"
    assert service.client.get(address).status_code == 404
    assert list(folder.iterdir()) == [], "what was being written when a worker was killed goes too"


def test_a_removal_can_be_stopped_in_the_middle_of_a_window_and_leaves_nothing(
    service: Service, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepwise, "_BREATH_SECONDS", 0)
    done(service, session, "track")
    with service.worker.sessions.using(session) as open_session:
        counts = list(Remove(service.worker, open_session, wire.RemoveRequest()).run())
        assert len(counts) > 5 * COUNT and counts == sorted(counts) and counts[-1] == COUNT
        assert set(range(1, COUNT)) & set(counts), "all frames are one window, and progress moves in it"
        asked(service, "POST", f"/sessions/{session}/undo")
        forget_others(open_session.project.files(), [])
        steps = Remove(service.worker, open_session, wire.RemoveRequest()).run()
        assert next(count for count in steps if count) < COUNT - 1
        steps.close()  # type: ignore[attr-defined]
        assert list(open_session.project.files().glob("*edit*")) == []
    assert state_of(service, session)["undo"] == "tracking of object 1"


def test_only_what_a_removal_changed_is_written_and_all_of_it_comes_back(tmp_path: Path) -> None:
    scene = crossing(4)
    codes = {index: rle.encode(mask) for index, mask in enumerate(scene.masks)}
    holes = holes_of([Masklet(1, scene.masks[0].shape, codes)], scene.masks[0].shape)
    source = ArraySource(scene.frames)
    result = [np.where(holes.hole(i)[..., None], scene.background[i], scene.frames[i]) for i in range(4)]
    result[2][scene.masks[2]] = 0  # black is a colour too
    list(write_changes((Frame(i, source.read(i).time, result[i]) for i in (1, 2)), holes, tmp_path / "r.mkv"))
    changes = open_video(tmp_path / "r.mkv").read(0).pixels
    assert not changes[~holes.hole(1)].any()
    removed = EditedSource(source, tmp_path / "r.mkv", range(1, 3))
    shown = [frame.pixels.astype(int) for frame in removed.frames()]
    assert all(np.array_equal(shown[i], result[i]) for i in (1,))
    assert np.abs(shown[2] - result[2]).max() <= 1
    assert np.array_equal(shown[0], scene.frames[0]) and np.array_equal(removed.read(3).pixels, scene.frames[3])


@pytest.mark.parametrize("name", ["davis", "json", "preview"])
def test_masks_are_exported_where_they_are_wanted_or_to_be_downloaded(
    service: Service, session: str, name: str
) -> None:
    done(service, session, "track")
    suffix = {"davis": "", "json": ".json", "preview": ".mp4"}[name]
    wanted = service.opened / f"out{suffix}"
    job = done(service, session, "export", format=name, path=str(wanted))
    assert (job["status"], job["download"], job["result"]) == ("done", "", str(wanted))
    assert wanted.exists()
    job = done(service, session, "export", format=name, start=2, stop=5)
    content = service.client.get(job["download"]).content
    if name == "davis":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            packed.extractall(service.opened)
        (found,) = read_davis(service.opened / "disc-davis")
        assert found.frames == [2, 3, 4] and job["total"] == 3
    else:
        assert content


def test_a_download_of_a_folder_has_the_folders_below_it_too(service: Service, session: str) -> None:
    done(service, session, "track")
    content = service.client.get(done(service, session, "export", format="ytvos")["download"]).content
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        packed.extractall(service.opened)
    (found,) = read_ytvos(service.opened / "disc-ytvos")
    assert iou(found.mask(0), SCENE.masks[0]) > 0.8


def test_an_exported_result_keeps_the_sound(service: Service, session: str) -> None:
    done(service, session, "track")
    done(service, session, "remove")
    out = service.opened / "result.mp4"
    assert done(service, session, "export", format="h264", path=str(out))["status"] == "done"
    assert payloads(out) == payloads(service.opened / "disc.mp4")


def test_what_cannot_be_written_is_refused_at_once(service: Service, session: str) -> None:
    address = f"/sessions/{session}/export"
    (service.opened / "letters").mkdir()
    (service.opened / "letters" / "dear.txt").touch()
    project = state_of(service, session)["project"]
    for path, status, message in (
        (service.opened / "disc.mp4", 400, "give another name"),
        (service.opened / "out.avi", 400, "ends in"),
        (Path(project) / "files" / "x.mp4", 400, "give another name"),
        (service.opened / "absent" / "x.mp4", 409, "no folder"),
        (service.opened.parent / "x.mp4", 403, "no folder that you opened"),
    ):
        problem = asked(service, "POST", address, status, format="preview", path=str(path))
        assert message in problem["message"], problem
    for name, status in (("letters", 409), ("disc.mp4/x", 400)):
        asked(service, "POST", address, status, format="davis", path=str(service.opened / name))
    assert "removed" in asked(service, "POST", address, 404, format="h264")["message"]
    assert "wide" in asked(service, "POST", address, 400, format="json", parameters={"wide": 1})["message"]
    assert asked(service, "POST", address, 400, format="json", objects=[7])["type"] == "RequestError"
    assert asked(service, "POST", address, 400, format="json", start=5, stop=5)["type"] == "FrameRangeError"


def test_a_removal_that_makes_no_sense_is_refused_at_once(service: Service, session: str) -> None:
    address = f"/sessions/{session}/remove"
    assert asked(service, "POST", address, 400, start=3, stop=5)["type"] == "NotVisibleError"
    assert asked(service, "POST", address, 400, parameters={"grow": -2})["type"] == "RequestError"
    assert asked(service, "POST", address, 400, inpainter="magic")["type"] == "UnknownEngineError"
    assert asked(service, "POST", address, 400, objects=[])["type"] == "RequestError"


def test_cuts_are_looked_for_once_a_project(tmp_path: Path) -> None:
    first, second = crossing(6).frames, np.ascontiguousarray(crossing(6).frames[:, ::-1, ::-1, ::-1])
    with serving(tmp_path) as service:
        make_video(service.opened / "cut.mp4", [*first, *second])
        session = opened(service, service.opened / "cut.mp4")
        until(lambda: [job.status for job in service.worker.jobs.of(session)] == ["done"])
        assert state_of(service, session)["cuts"] == [6]
    with serving(tmp_path) as service:
        assert opened(service, service.opened / "cut.mp4") == session
        assert state_of(service, session)["cuts"] == [6] and service.worker.jobs.all() == []
