"""Diffusers pipelines: read from this machine, placed where they fit, watched. It knows nothing of holes."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias

from inpaint.base import Check
from tam_core.device import resolve_device
from tam_core.errors import EngineNotReadyError, RequestError
from tam_core.hub import pipeline_class, require_pipeline
from tam_core.weights import first_line

if TYPE_CHECKING:
    import torch

VIDEO_CLASS = "WanVACEPipeline"

ROOM = 1.35
"""A pipeline stays on the GPU when so many times its weights are free there; else its parts take turns."""

StepEnd: TypeAlias = Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]
"""What diffusers calls after each step of denoising."""


def require_diffusers() -> None:
    """Raises EngineNotReadyError, with the one command, where diffusers is not installed."""
    missing = [name for name in ("diffusers", "transformers", "accelerate") if find_spec(name) is None]
    if missing:
        raise EngineNotReadyError(f"generation needs {', '.join(missing)}: pip install 'tam-studio[generate]'")


def makes_video(model: str) -> bool:
    """Whether a model, by folder or hub id, makes clips. Raises EngineNotReadyError where it is not here."""
    return pipeline_class(require_pipeline(model)) == VIDEO_CLASS


def load_inpainting(model: str, device: str) -> Any:
    """An inpainting pipeline, ready to be called. Raises EngineNotReadyError, RequestError."""
    require_diffusers()
    if makes_video(model):
        raise RequestError(f"'{model}' makes clips, not pictures; name an inpainting model")
    from diffusers import AutoPipelineForInpainting

    place = resolve_device(device)
    return _placed(_read(AutoPipelineForInpainting, model, dtype=_precision(place)), place)


def load_video(model: str, device: str) -> Any:
    """A Wan-VACE pipeline, ready to be called. Raises EngineNotReadyError, RequestError."""
    require_diffusers()
    if not makes_video(model):
        raise RequestError(f"'{model}' makes pictures, not clips; name a Wan-VACE model")
    import torch
    from diffusers import AutoencoderKLWan, WanVACEPipeline

    place = resolve_device(device)
    coder = _read(AutoencoderKLWan, model, subfolder="vae", dtype=torch.float32)  # colours need the precision
    return _placed(_read(WanVACEPipeline, model, vae=coder, dtype=_precision(place)), place)


def seeded(seed: int) -> "torch.Generator":
    """The dice of a run. They are thrown on the CPU, so that a seed gives the same noise on every machine."""
    import torch

    return torch.Generator("cpu").manual_seed(seed)


def watching(check: Check) -> StepEnd:
    """Tells ``check`` the share of the steps that is done; what it raises ends the run."""

    def step_end(pipeline: Any, step: int, _time: Any, _tensors: dict[str, Any]) -> dict[str, Any]:
        check((step + 1) / max(pipeline.num_timesteps, 1))
        return {}

    return step_end


def _read(kind: Any, model: str, **options: Any) -> Any:
    """A pipeline or a part of one, from this machine, without progress bars of its own."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    folder = require_pipeline(model)
    shown = [bars for bars in (diffusers_logging, transformers_logging) if bars.is_progress_bar_enabled()]
    for bars in shown:
        bars.disable_progress_bar()
    try:
        return kind.from_pretrained(str(folder), local_files_only=True, **options)
    except (OSError, ValueError, KeyError) as error:
        raise EngineNotReadyError(
            f"the model '{model}' cannot be used: {first_line(error)}. If it is not all here, fetch the rest with: "
            f"tam engines fetch {model}"
        ) from error
    finally:
        for bars in shown:
            bars.enable_progress_bar()


def _precision(place: str) -> "torch.dtype":
    """Half of the usual bytes on a GPU; a CPU gains nothing from it."""
    import torch

    if place != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def _placed(pipeline: Any, place: str) -> Any:
    """On the device, as a whole where it fits, else part by part, with the steps that need most memory cut up."""
    pipeline.set_progress_bar_config(disable=True)
    if place == "cuda" and _bytes(pipeline) * ROOM > _free_bytes():
        pipeline.enable_model_cpu_offload()
        pipeline.vae.enable_tiling()
        if hasattr(pipeline, "unet"):
            pipeline.enable_attention_slicing()
        return pipeline
    return pipeline.to(place)


def _bytes(pipeline: Any) -> int:
    """What the weights of a pipeline take."""
    import torch

    networks = (part for part in pipeline.components.values() if isinstance(part, torch.nn.Module))
    return sum(tensor.nbytes for network in networks for tensor in network.parameters())


def _free_bytes() -> int:
    import torch

    return int(torch.cuda.mem_get_info()[0])
