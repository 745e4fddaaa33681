"""Real diffusers pipelines with tiny random networks, read from a folder or from the hub's cache, make pictures."""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inpaint.engines import INPAINTERS
from inpaint.fillers.diffusion import Wish, load_diffusion
from inpaint.generate import choose_model, generate
from inpaint.generate.clips import ClipRule, by_clips
from inpaint.pipelines import load_inpainting, load_video
from plugin import engine_list
from tam_core import hub, rle
from tam_core.errors import DownloadError, EngineNotReadyError, RequestError
from tam_core.hub import HubModel, cached_pipelines, find_pipeline, require_pipeline
from tam_core.masklet import Masklet
from tam_core.video.memory import ArraySource
from tests.scenes import HEIGHT, WIDTH, crossing, disc, texture
from tests.tiny_diffusion import save_inpainting, save_video

pytest.importorskip("diffusers", reason="needs pip install 'tam-studio[generate]'")

USUAL = "stable-diffusion-v1-5/stable-diffusion-inpainting"


@pytest.fixture(scope="module")
def stills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_inpainting(tmp_path_factory.mktemp("stills"))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_video(tmp_path_factory.mktemp("clips"))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub's client."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def downloaded(cache: Path, model: str, folder: Path) -> Path:
    """Put a pipeline where the hub's client would have."""
    place = cache / f"models--{model.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text("0123")
    return Path(shutil.copytree(folder, place / "snapshots" / "0123"))


def test_the_same_seed_makes_the_same_picture_in_the_hole_only(stills: Path) -> None:
    hole = disc(80, 60, 14)
    frame = np.where(hole[..., None], np.uint8(255), texture(3, (90, 120, 60)))
    made = {}
    for name, wish in {
        "once": Wish("a car", steps=2, seed=1),
        "again": Wish("a car", steps=2, seed=1),
        "other seed": Wish("a car", steps=2, seed=2),
        "other words": Wish("a tree", steps=2, seed=1),
    }.items():
        made[name] = load_diffusion("cpu", str(stills), wish).fill(frame[None], hole[None])[0]
        assert np.array_equal(made[name][~hole], frame[~hole]), name
    assert np.array_equal(made["once"], made["again"])
    assert (made["once"] != made["other seed"]).any()
    assert (made["once"] != made["other words"]).any()
    assert (made["once"][hole] != 255).any(1).mean() > 0.9


def test_every_step_tells_how_far_it_is_and_can_end_the_work(stills: Path) -> None:
    hole, told = disc(80, 60, 14), list[float]()
    filler = load_diffusion("cpu", str(stills), Wish("a car", steps=4))
    filler.fill(texture(3, (90, 120, 60))[None], hole[None], told.append)
    assert told == sorted(told) and len(set(told)) >= 4 and told[-1] == 1

    def stop(done: float) -> None:
        if done >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        filler.fill(texture(3, (90, 120, 60))[None], hole[None], stop)


def test_a_withheld_picture_is_an_error_and_no_black_hole(tmp_path: Path) -> None:
    filler = load_diffusion("cpu", str(save_inpainting(tmp_path / "m", flagged=True)), Wish("a car", steps=1))
    with pytest.raises(RequestError, match="safety checker withheld the picture for 'a car': try another seed"):
        filler.fill(texture(3, (90, 120, 60))[None], disc(80, 60, 14)[None])


def test_the_inpainter_takes_the_downloaded_model_or_another(stills: Path, cache: Path) -> None:
    row = INPAINTERS.get("diffusion", "inpainter")
    with pytest.raises(EngineNotReadyError, match=rf"{USUAL}, about 5480 MB, .*RAIL-M.*tam engines fetch diffusion"):
        row.load("cpu")
    downloaded(cache, USUAL, stills)
    scene = crossing(4)
    hole = np.repeat(disc(80, 60, 12)[None], 4, 0)
    for options in ({"steps": 1}, {"steps": 1, "model": str(stills), "seed": 3}):
        filled = row.load("cpu", **options).fill(scene.background, hole)
        assert np.array_equal(filled[~hole], scene.background[~hole])
        assert (filled[hole] != scene.background[hole]).any()


def test_every_parameter_of_the_rows_is_an_option_of_their_loader(stills: Path, cache: Path) -> None:
    downloaded(cache, USUAL, stills)
    for row in INPAINTERS:
        if row.ready:
            row.load("cpu", **{parameter.name: parameter.default for parameter in row.parameters})


def test_a_model_that_is_not_here_is_named_with_the_command(cache: Path) -> None:
    with pytest.raises(EngineNotReadyError, match=r"'me/mine' is not downloaded.*tam engines fetch me/mine"):
        load_inpainting("me/mine", "cpu")
    with pytest.raises(EngineNotReadyError, match=r"no folder of a diffusers pipeline: it has no model_index\.json"):
        require_pipeline(str(cache))
    with pytest.raises(RequestError, match="neither a folder nor an id"):
        find_pipeline("no such/model/at all")


def test_a_download_that_stopped_half_way_is_not_here(stills: Path, cache: Path) -> None:
    folder = downloaded(cache, "me/mine", stills)
    assert find_pipeline("me/mine") == folder
    assert list(cached_pipelines("Inpaint")) == [folder] and not list(cached_pipelines("WanVACE"))
    (weights,) = (folder / "unet").glob("*.safetensors")
    weights.rename(folder / "unet" / "part-1.safetensors")
    index = {"weight_map": {"a": "part-1.safetensors", "b": "part-2.safetensors"}}
    (folder / "unet" / "weights.index.json").write_text(json.dumps(index))
    assert find_pipeline("me/mine") is None and not list(cached_pipelines("Inpaint"))


def test_any_model_of_the_hub_is_fetched_by_its_id(stills: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import diffusers

    asked = []

    def download(model: str) -> str:
        asked.append(model)
        return str(downloaded(cache, model, stills))

    monkeypatch.setattr(diffusers.DiffusionPipeline, "download", download)
    assert "me/mine is ready" in engine_list.fetch_engine("me/mine")
    assert "me/mine is already here" in engine_list.fetch_engine("me/mine")
    assert asked == ["me/mine"]


def test_a_download_that_fails_says_why(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import diffusers

    def download(model: str) -> str:
        raise OSError("the cable is cut\nand more")

    monkeypatch.setattr(diffusers.DiffusionPipeline, "download", download)
    monkeypatch.setattr(hub, "_LOOK_SECONDS", 0.01)
    with pytest.raises(DownloadError, match=r"'me/mine' could not be fetched: the cable is cut\. What is here is kept"):
        list(HubModel("me/mine").fetch())


def test_models_of_pictures_and_of_video_are_told_apart(stills: Path, clips: Path, cache: Path) -> None:
    with pytest.raises(RequestError, match="makes clips"):
        load_inpainting(str(clips), "cpu")
    with pytest.raises(RequestError, match="makes pictures"):
        load_video(str(stills), "cpu")
    video = downloaded(cache, "me/clips", clips)
    assert choose_model("cpu") == str(video), "the only one that there is"
    pictures = downloaded(cache, USUAL, stills)
    assert choose_model("cpu") == str(pictures)


@pytest.mark.parametrize("kind", ["stills", "clips"])
def test_words_replace_an_object_from_frame_to_frame(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = partial(by_clips, rule=ClipRule(length=5, overlap=1, area=64 * 48))
    monkeypatch.setattr("inpaint.generate.clips.by_clips", small)
    scene, model = crossing(6), str(request.getfixturevalue(kind))
    masklet = Masklet(1, (HEIGHT, WIDTH), {i: rle.encode(mask) for i, mask in enumerate(scene.masks)})
    source = ArraySource(scene.frames)
    told: list[float] = []
    asked: dict[str, Any] = {"prompt": "red car", "model": model, "steps": 2, "interval": 3, "device": "cpu"}
    once = list(generate(source, [masklet], **asked, start=1, stop=6, check=told.append))
    assert [frame.index for frame in once] == [1, 2, 3, 4, 5]
    assert [frame.time for frame in once] == [source.read(frame.index).time for frame in once]
    grown = [disc(*(round(value) for value in (30 + 100 * i / 5, 60)), 16 + 10) for i in range(6)]
    for frame in once:
        assert np.array_equal(frame.pixels[~grown[frame.index]], scene.frames[frame.index][~grown[frame.index]])
        inside = scene.masks[frame.index]
        assert (frame.pixels[inside] != scene.frames[frame.index][inside]).any(1).mean() > 0.9
    assert told[-1] == 5
    again = list(generate(source, [masklet], **asked, start=1, stop=6))
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(once, again, strict=True))
