"""Everything-mode finds what the package's own generator finds, keeps the best, and needs a network that can do it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tam_core.engines.grabcut import GrabCutSegmenter
from tam_core.errors import EngineNotReadyError
from tam_core.session import Session
from tam_core.video import ArraySource
from tests.networks import small_sam
from tests.scenes import crossing

torch = pytest.importorskip("torch")

from tam_core.engines.everything import FoundObject, find_everything  # noqa: E402

HEIGHT, WIDTH = 60, 100


class Discs(torch.nn.Module):
    """Stands for a trained mask decoder: three discs for each prompt, placed, sized and scored by its encoding."""

    def forward(self, sparse_prompt_embeddings: Any, multimask_output: bool, **_: Any) -> tuple[Any, Any]:
        assert multimask_output
        rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
        codes = (8 * sparse_prompt_embeddings[:, 0]).sigmoid()
        distance = torch.hypot(rows - 19 * codes[:, :1, None], columns - 32 * codes[:, 1:2, None])
        radii = (1 + 4 * codes[:, 2])[:, None] * torch.tensor([1.0, 1.5, 2.5])
        steepness = 4 * codes[:, 6:9, None, None]
        return steepness * (radii[..., None, None] - distance[:, None]), codes[:, 3:6]


@pytest.fixture(scope="module")
def segmenter() -> Any:
    sam: Any = small_sam()
    sam._model.mask_decoder = Discs()
    return sam


@pytest.fixture
def picture() -> Any:
    return np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def find(segmenter: Any, picture: Any, **thresholds: Any) -> list[FoundObject]:
    return find_everything(segmenter, segmenter.embed(picture), picture.shape[:2], points_per_side=8, **thresholds)


@pytest.mark.parametrize(
    ("score", "stability", "overlap"), [(0.5, 0.6, 0.7), (0.6, 0.7, 0.5), (0.0, 0.8, 0.9), (0.5, 0.0, 0.3)]
)
def test_same_objects_as_the_package_finds(
    segmenter: Any, picture: Any, score: float, stability: float, overlap: float
) -> None:
    from segment_anything import SamAutomaticMaskGenerator

    generator = SamAutomaticMaskGenerator(
        segmenter._model,
        points_per_side=8,
        pred_iou_thresh=score,
        stability_score_thresh=stability,
        box_nms_thresh=overlap,
    )
    theirs = generator.generate(picture)
    ours = find(segmenter, picture, least_score=score, least_stability=stability, most_overlap=overlap)
    assert len(ours) == len(theirs) >= 5
    for mine, other in zip(ours, theirs, strict=True):
        assert np.array_equal(mine.mask, other["segmentation"])
        assert mine.score == pytest.approx(other["predicted_iou"], abs=1e-6)
        assert mine.stability == pytest.approx(other["stability_score"], abs=1e-6)


def test_thresholds_are_kept_and_the_best_comes_first(segmenter: Any, picture: Any) -> None:
    found = find(segmenter, picture, least_score=0.5, least_stability=0.6)
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0.5
    assert min(one.stability for one in found) >= 0.6


def test_small_ones_are_left_out_on_request(segmenter: Any, picture: Any) -> None:
    areas = [one.rle.area for one in find(segmenter, picture, least_score=0.5, least_stability=0.5)]
    limit = int(np.median(areas))
    larger = find(segmenter, picture, least_score=0.5, least_stability=0.5, min_area=limit)
    assert 0 < len(larger) < len(areas)
    assert min(one.rle.area for one in larger) >= limit


def test_nothing_good_enough_is_an_empty_list(segmenter: Any, picture: Any) -> None:
    assert find(segmenter, picture, least_score=0.999) == []


@dataclass
class TwoSquares:
    """Answers each point with a square around it, good on the left half of the picture; counts embeddings."""

    embedded: int = 0

    def embed(self, pixels: Any) -> Any:
        self.embedded += 1
        return pixels.shape[:2]

    def segment_points(self, embedding: Any, points_n2: Any, least_score: float) -> tuple[Any, Any]:
        height, width = embedding
        logits = torch.full((len(points_n2), height, width), -9.0)
        for logit, (x, _) in zip(logits, points_n2, strict=True):
            logit[20:60, 10:50] = 9.0 if x < width / 2 else -9.0
            logit[70:90, 100:140] = -9.0 if x < width / 2 else 9.0
        scores = torch.where(torch.from_numpy(points_n2)[:, 0] < width / 2, 0.97, 0.93)
        good = scores > least_score
        return logits[good], scores[good]


def test_many_points_on_an_object_find_it_once() -> None:
    segmenter = TwoSquares()
    found = find_everything(segmenter, segmenter.embed(np.zeros((120, 160, 3), np.uint8)), (120, 160))
    assert [one.box for one in found] == [(10, 20, 50, 60), (100, 70, 140, 90)]
    assert [one.score for one in found] == pytest.approx([0.97, 0.93])
    assert [one.stability for one in found] == [1, 1]


def test_a_session_asks_once_a_frame() -> None:
    segmenter: Any = TwoSquares()
    session = Session(ArraySource(crossing(3).frames), segmenter=segmenter, tracker="flow")
    first, again = session.everything(1), session.everything(1)
    assert len(first) == 2
    assert first == again
    assert segmenter.embedded == 1
    session.everything(2)
    assert segmenter.embedded == 2


def test_a_segmenter_of_clicks_says_what_to_fetch() -> None:
    session = Session(ArraySource(crossing(1).frames), segmenter=GrabCutSegmenter(), tracker="flow")
    with pytest.raises(EngineNotReadyError, match="tam engines fetch sam"):
        session.everything(0)
