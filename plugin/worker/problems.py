"""Failures on their way to a client: which HTTP status each named error is, and the Problem that says it."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from plugin.link import wire
from tam_core.errors import (
    EngineNotReadyError,
    OutputError,
    RequestError,
    SourceMovedError,
    SourceNotFoundError,
    TamError,
)


class UnknownIdError(RequestError):
    """No session, job, upload or stream of that id."""


class ForbiddenError(RequestError):
    """A file outside the folders that the person opened."""


class TooLargeError(RequestError):
    """More bytes or pixels than the worker takes."""


class MalformedError(RequestError):
    """A message that is not what the protocol says."""


_STATUS: tuple[tuple[type[TamError], int], ...] = (  # the first that fits
    (UnknownIdError, 404),
    (SourceNotFoundError, 404),
    (ForbiddenError, 403),
    (TooLargeError, 413),
    (MalformedError, 422),
    (RequestError, 400),
    (EngineNotReadyError, 409),
    (OutputError, 409),
    (SourceMovedError, 409),
    (TamError, 400),
)
_NAMES = {404: "UnknownAddressError", 405: "MethodError", 413: TooLargeError.__name__, 422: MalformedError.__name__}
_LOG = logging.getLogger("tam.worker")


def problem_of(error: BaseException) -> wire.Problem:
    """What a client is told of an error. Anything that is not a TamError is a fault of ours: status 500."""
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return wire.Problem(type(error).__name__, str(error), status)
    return wire.Problem(type(error).__name__, f"{error}. This is a fault of tam-studio; see the worker's log", 500)


def answer(problem: wire.Problem) -> Response:
    """The problem as the answer to a request."""
    return Response(wire.to_json(problem), problem.status, media_type="application/json")


def answer_problems(app: FastAPI) -> None:
    """Every failure of a route is answered with a Problem."""
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(TamError, _ours)
    app.add_exception_handler(Exception, _ours)


async def _ours(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem.status in (403, 413):
        _LOG.warning("refused %s %r: %s", request.method, request.url.path[:200], problem.message)
    return answer(problem)


async def _malformed(request: Request, error: Any) -> Response:
    """Says where, and not what was there: that may be long, or not even text."""
    places = [f"{'.'.join(map(str, one['loc']))[:200]}: {one['msg'][:200]}" for one in error.errors()[:5]]
    return answer(wire.Problem(MalformedError.__name__, "; ".join(places), 422))


async def _http(request: Request, error: Any) -> Response:
    kind = _NAMES.get(error.status_code, RequestError.__name__)
    if error.status_code == 413:
        _LOG.warning("refused %s %r: %s", request.method, request.url.path[:200], error.detail)
    return answer(wire.Problem(kind, str(error.detail), error.status_code))
