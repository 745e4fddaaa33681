"""Diffusers pipelines on this machine: folders, or models of the Hugging Face hub by their id. Imports no torch.

What the hub's client has downloaded lies in its own cache (``HF_HOME``), which other programs share. Nothing is
downloaded unless ``fetch`` is called.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tam_core.checkpoints import megabytes
from tam_core.errors import DownloadError, EngineNotReadyError, RequestError

_INDEX = "model_index.json"
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class HubModel:
    """A published pipeline by its hub id ``OWNER/NAME``. Answers like a Checkpoint.

    ``size``: bytes to download, about; the hub's client knows them exactly, and compares every file with the hub's own
    hash. ``kind``: models with this in their class's name, such as "Inpaint", do as well; "" where none does.
    """

    model: str
    size: int = 0
    kind: str = ""

    def describe(self) -> str:
        """Name and size for a person."""
        return f"{self.model}, about {megabytes(self.size)}" if self.size else self.model

    def find(self) -> Path | None:
        """Its folder; or, where it is not here, that of another model of the same kind that is."""
        folder = find_pipeline(self.model)
        if folder is None and self.kind:
            return next(cached_pipelines(self.kind), None)
        return folder

    def wrong_size(self) -> None:
        """The hub's client gives a file its name only when it is whole."""
        return

    def checked(self) -> Path:
        """The folder, which is here."""
        folder = self.find()
        assert folder is not None, "check_ready comes first"
        return folder

    def fetch(self) -> Iterator[int]:
        """Download what the pipeline needs, going on from an earlier attempt; yields the bytes here."""
        yield from fetch_pipeline(self.model)


def find_pipeline(model: str) -> Path | None:
    """The folder of a pipeline, given by a folder or a hub id, or None where it is not here, or not all of it.

    Raises RequestError for what is neither.
    """
    if Path(model).is_dir():
        return Path(model) if (Path(model) / _INDEX).is_file() else None
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(model, _INDEX)
    except HFValidationError as error:
        raise RequestError(f"'{model}' is neither a folder nor an id of the Hugging Face hub, OWNER/NAME") from error
    return Path(found).parent if isinstance(found, str) and _whole(Path(found).parent) else None


def require_pipeline(model: str) -> Path:
    """The folder of a pipeline. Raises EngineNotReadyError, with the one command, where it is not here."""
    folder = find_pipeline(model)
    if folder is None and Path(model).is_dir():
        raise EngineNotReadyError(f"{model} is no folder of a diffusers pipeline: it has no {_INDEX}")
    if folder is None:
        raise EngineNotReadyError(f"the model '{model}' is not downloaded. Fetch it with: tam engines fetch {model}")
    return folder


def pipeline_class(folder: Path) -> str:
    """The name of a pipeline's class, such as "StableDiffusionInpaintPipeline"; "" where its description is broken."""
    return str(_described(folder).get("_class_name", ""))


def _described(folder: Path) -> dict[str, Any]:
    """What the index of a pipeline says: its class, and for each part the library and class, or nulls."""
    try:
        described = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return described if isinstance(described, dict) else {}


def _whole(folder: Path) -> bool:
    """Whether all parts of a downloaded pipeline are here. A file has its name in the cache only when it is whole."""
    parts = [name for name, value in _described(folder).items() if isinstance(value, list) and value and value[0]]
    return bool(parts) and all(_part_whole(folder / name) for name in parts)


def _part_whole(part: Path) -> bool:
    """Whether a part has all files that its index of shards names, and, where it is a network, any weights."""
    for index in part.glob("*.index.json"):
        shards = set(json.loads(index.read_text(encoding="utf-8")).get("weight_map", {}).values())
        if any(not (part / shard).exists() for shard in shards):
            return False
    weights = any(part.glob("*.safetensors")) or any(part.glob("*.bin"))
    return any(part.glob("*")) if not (part / "config.json").exists() else weights


def cached_pipelines(kind: str) -> Iterator[Path]:
    """Folders of the hub's cache with a pipeline whose class has ``kind`` in its name, by name."""
    from huggingface_hub.constants import HF_HUB_CACHE

    for index in sorted(Path(HF_HUB_CACHE).glob(f"models--*/snapshots/*/{_INDEX}")):
        if kind in pipeline_class(index.parent) and _whole(index.parent):
            yield index.parent


def fetch_pipeline(model: str) -> Iterator[int]:
    """Download those files of a hub id that diffusers needs; yields the bytes that are here, twice a second.

    Raises DownloadError, EngineNotReadyError.
    """
    if find_spec("diffusers") is None:
        raise EngineNotReadyError(f"to fetch '{model}' needs diffusers: pip install 'tam-studio[generate]'")
    from huggingface_hub.constants import HF_HUB_CACHE

    failed: list[Exception] = []
    work = threading.Thread(target=_download, args=(model, failed), daemon=True)
    work.start()
    blobs = Path(HF_HUB_CACHE) / f"models--{model.replace('/', '--')}" / "blobs"
    while work.is_alive():
        work.join(_LOOK_SECONDS)
        yield _bytes_in(blobs)
    if failed:
        reason = (str(failed[0]) or type(failed[0]).__name__).splitlines()[0]
        raise DownloadError(
            f"the model '{model}' could not be fetched: {reason}. What is here is kept; run it again to go on"
        ) from failed[0]


def _download(model: str, failed: list[Exception]) -> None:
    """In a thread: the hub's client downloads; what goes wrong is handed over."""
    try:
        from diffusers import DiffusionPipeline
        from huggingface_hub.utils.tqdm import disable_progress_bars, enable_progress_bars

        disable_progress_bars()
        try:
            DiffusionPipeline.download(model)
        finally:
            enable_progress_bars()
    except Exception as error:  # whatever it is, it is raised where the person waits
        failed.append(error)


def _bytes_in(folder: Path) -> int:
    total = 0
    for file in folder.glob("*"):
        try:
            total += file.stat().st_size
        except OSError:  # renamed under our eyes
            continue
    return total
