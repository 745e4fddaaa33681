"""Messages as they come in: not too long, and nothing in them that JSON allows but no code expects.

One place refuses NaN and infinite numbers, numbers beyond 64 bits, NULs and halves of characters in texts, and nesting
without end, so that no route has to think of them.
"""

import json
import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

LIMIT = 32 * 1024 * 1024
"""Bytes of a message. Uploads and pictures are no messages and have their own limits."""
_LARGEST = 2**53


class MessageRoute(APIRoute):
    """A route whose message is checked before it is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of FastAPI, behind the check."""
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            return await handle(_MessageRequest(request.scope, request.receive))

        return checked


class _MessageRequest(Request):
    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            received = bytearray()
            async for block in self.stream():
                received += block
                if len(received) > LIMIT:
                    raise HTTPException(413, f"a message of more than {LIMIT >> 20} MiB")
            self._body = bytes(received)
        return self._body

    async def json(self) -> Any:
        try:
            message = json.loads(await self.body())
            _check(message)
        except (ValueError, RecursionError) as error:
            raise HTTPException(422, f"this is not a message: {str(error)[:200] or 'nested too deeply'}") from error
        return message


def _check(value: Any) -> None:
    """Raise ValueError for what must not go on."""
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("a NUL in a text")
        value.encode()  # half a character raises UnicodeEncodeError, a ValueError
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a number that is not finite")
    elif isinstance(value, int):
        if abs(value) > _LARGEST:
            raise ValueError("a number that is too large")
    elif isinstance(value, list):
        for one in value:
            _check(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            _check(name)
            _check(one)
