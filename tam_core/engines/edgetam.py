"""EdgeTAM (arXiv 2501.07256): the segmenter and tracker of SAM 2 with the network of tam_core/models/edgetam."""

from pathlib import Path

from tam_core.engines.sam2 import Sam2Settings, Sam2Tracker, prepared
from tam_core.errors import EngineNotReadyError, RequestError
from tam_core.models.edgetam import EdgeTam, fold, size_of
from tam_core.models.edgetam.keys import is_hugging_face, published_names
from tam_core.weights import load_strictly, read_weights


def load(device: str, checkpoint: Path, settings: Sam2Settings | None = None) -> Sam2Tracker:
    """Read the published checkpoint, or the Hugging Face safetensors; the size of the network is read off its weights.

    Raises EngineNotReadyError when the file is not EdgeTAM's, RequestError for an image size that its latents
    do not fit.
    """
    settings = settings or Sam2Settings()
    weights = read_weights(checkpoint)
    if is_hugging_face(weights):
        weights = published_names(weights)
    try:
        network = EdgeTam(size_of(weights))
    except KeyError as error:
        raise EngineNotReadyError(f"{checkpoint} is not an EdgeTAM checkpoint: it has no {error}") from error
    load_strictly(network, weights, "EdgeTAM", checkpoint)
    if settings.image_size % network.side_step:
        raise RequestError(f"image size {settings.image_size}: EdgeTAM takes multiples of {network.side_step} pixels")
    fold(network)
    return Sam2Tracker(prepared(network, device), settings)
