"""Where a fine-tuning starts: which network, with which weights, and which of them learn."""

from pathlib import Path

from torch import nn

from tam_core.engines import ENGINES
from tam_core.errors import EngineNotReadyError, RequestError
from tam_core.models import edgetam, sam2
from tam_core.models.edgetam import keys as edgetam_keys
from tam_core.models.sam2 import Sam2
from tam_core.models.sam2 import keys as sam2_keys
from tam_core.weights import load_strictly, read_weights

_LOADERS = ("tam_core.engines.sam2:load", "tam_core.engines.edgetam:load")
"""Of the engines whose network can be taught further."""

_SAM2_STEP = 32
"""The side of the picture is a multiple of it."""


def weights_of(name: str) -> Path:
    """The weight file of an engine, or the file itself: what was fine-tuned once can be taught further.

    Raises RequestError for an engine that cannot be taught, EngineNotReadyError for one that is not downloaded.
    """
    if Path(name).is_file():
        return Path(name)
    spec = ENGINES.get(name, "tracker")
    if spec.loader not in _LOADERS or spec.checkpoint is None:
        able = [row.name for row in ENGINES if row.role == "tracker" and row.loader in _LOADERS]
        raise RequestError(
            f"'{spec.name}' cannot be fine-tuned; there are: {', '.join(able)}, or a file of their weights"
        )
    spec.check_ready()
    return spec.checkpoint.checked()


def read_network(path: Path) -> Sam2:
    """SAM 2.1 or EdgeTAM, whichever a file holds, nothing folded. Raises EngineNotReadyError if it is neither."""
    weights = read_weights(path)
    is_edgetam = any(name.startswith("spatial_perceiver.") for name in weights)
    if sam2_keys.is_hugging_face(weights):
        weights = (edgetam_keys if is_edgetam else sam2_keys).published_names(weights)
    try:
        network = edgetam.EdgeTam(edgetam.size_of(weights)) if is_edgetam else Sam2(sam2.size_of(weights))
    except KeyError as error:
        raise EngineNotReadyError(f"{path} is no checkpoint of SAM 2.1 or EdgeTAM: it has no {error}") from error
    load_strictly(network, weights, "EdgeTAM" if is_edgetam else "SAM 2.1", path)
    return network


def check_image_size(network: Sam2, side: int) -> None:
    """Raise RequestError for a side that the network's maps do not fit."""
    step = network.side_step if isinstance(network, edgetam.EdgeTam) else _SAM2_STEP
    if side <= 0 or side % step:
        raise RequestError(f"image size {side}: this network takes multiples of {step} pixels, best the engine's 1024")


def choose_what_learns(network: Sam2, encoder: bool) -> None:
    """All but the image encoder, unless that is asked for.

    Batch normalisation never learns: a clip is too small a batch. Neither do maps of positions, which the trunk
    computes once and keeps.
    """
    network.requires_grad_(True)
    network.image_encoder.requires_grad_(encoder)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.requires_grad_(False)
    for name, weight in network.image_encoder.named_parameters():
        if "pos_embed" in name:
            weight.requires_grad_(False)
