"""Files that clients sent: written block by block, whole or not at all, never so many that the disk is full."""

import asyncio
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterable, Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from plugin.link import wire
from plugin.worker.problems import TooLargeError, UnknownIdError
from tam_core.atomic import naming_the_cause
from tam_core.errors import OutputError, RequestError

KEPT_SECONDS = 7 * 24 * 3600.0
"""How long an upload is kept that no project uses."""
LIMIT = 20_000_000_000
RESERVE = 1_000_000_000
"""Bytes that stay free on the disk."""
_BLOCK = 1 << 20


class Uploads:
    """A file lies in ``<folder>/<id>/<name>``."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self._folder, self._limit = folder, limit
        folder.mkdir(parents=True, exist_ok=True)
        for broken in folder.glob("*.part"):
            shutil.rmtree(broken, ignore_errors=True)

    def forget_unused(self, used: Callable[[], Iterable[Path]]) -> None:
        """Delete what was sent long ago and is in none of the ``used`` places, which are asked for if need be.

        Raises TamError if that cannot be told; then all stays.
        """
        long_ago = time.time() - KEPT_SECONDS
        old = [place for place in self._folder.iterdir() if place.is_dir() and place.stat().st_mtime < long_ago]
        kept = {path.resolve() for path in used()} if old else set()
        for place in old:
            if not any(path.is_relative_to(place.resolve()) for path in kept):
                shutil.rmtree(place, ignore_errors=True)

    def path(self, upload_id: str) -> Path:
        """The file. Raises UnknownIdError."""
        place = self._folder / upload_id
        found = sorted(place.iterdir()) if re.fullmatch("[0-9a-f]{16}", upload_id) and place.is_dir() else []
        if not found:
            raise UnknownIdError(f"no upload {upload_id[:32]!r}: send the file again")
        return found[0]

    async def receive(self, name: str, announced: int | None, blocks: AsyncIterable[bytes]) -> wire.Upload:
        """Keep what comes. ``announced`` bytes are refused before the first is read, if they are too many.

        Raises TooLargeError, OutputError.
        """
        self._check_room(announced or 0)
        upload_id = secrets.token_hex(8)
        temporary = self._folder / f"{upload_id}.part"
        clean = clean_name(name)
        try:
            with naming_the_cause(temporary):
                temporary.mkdir()
                with (temporary / clean).open("wb") as file:
                    count = await self._write(file, blocks)
                temporary.rename(self._folder / upload_id)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return wire.Upload(upload_id, clean, count)

    async def _write(self, file: BinaryIO, blocks: AsyncIterable[bytes]) -> int:
        count, held = 0, bytearray()
        async for block in blocks:
            held += block
            if len(held) >= _BLOCK:
                count += len(held)
                self._check_room(0, count)
                await asyncio.to_thread(file.write, bytes(held))
                held.clear()
        file.write(held)
        count += len(held)
        self._check_room(0, count)
        if not count:
            raise RequestError("the upload is empty: send the file as the body")
        return count

    def _check_room(self, wanted: int, here: int = 0) -> None:
        if wanted > self._limit or here > self._limit:
            raise TooLargeError(
                f"an upload of {max(wanted, here) / 1e9:.1f} GB: the limit is {self._limit / 1e9:.1f} GB. Open the "
                "file by its path, or start the worker with a higher --upload-limit"
            )
        free = shutil.disk_usage(self._folder).free
        if free - wanted < RESERVE:
            raise OutputError(
                f"the upload would fill the disk of {self._folder} ({free / 1e9:.1f} GB free, {RESERVE / 1e9:.0f} GB "
                "stay so). Make room, or open the file by its path"
            )


def clean_name(name: str) -> str:
    """The last part of a name, with nothing in it that any file system minds."""
    last = re.split(r"[/\\]", name)[-1]
    clean = re.sub(r'[\x00-\x1f\x7f<>:"|?*\ud800-\udfff]', "_", last).strip(" .")
    stem, suffix = Path(clean).stem, Path(clean).suffix
    return _shortened(stem, 180) + _shortened(suffix, 60) or "upload"


def _shortened(text: str, most: int) -> str:
    """File systems count bytes."""
    return text.encode()[:most].decode(errors="ignore")
