"""References to OBS's objects, each released at the end of its block."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import obspython as obs

from ..ports import Setting


@contextmanager
def source(name: str) -> Iterator[Any]:
    """The source of that name, None if there is none."""
    found = obs.obs_get_source_by_name(name)
    try:
        yield found
    finally:
        if found is not None:
            obs.obs_source_release(found)


@contextmanager
def sources(found: Any) -> Iterator[list[Any]]:
    """A list as OBS's functions give it."""
    try:
        yield list(found or ())
    finally:
        if found is not None:
            obs.source_list_release(found)


@contextmanager
def filter_of(parent: Any, name: str) -> Iterator[Any]:
    """The filter of that name of a source, None if there is none."""
    found = None if parent is None else obs.obs_source_get_filter_by_name(parent, name)
    try:
        yield found
    finally:
        if found is not None:
            obs.obs_source_release(found)


@contextmanager
def settings_of(owner: Any) -> Iterator[Any]:
    """The settings of a source or filter."""
    found = obs.obs_source_get_settings(owner)
    try:
        yield found
    finally:
        obs.obs_data_release(found)


@contextmanager
def data(settings: Mapping[str, Setting]) -> Iterator[Any]:
    """New settings."""
    made = obs.obs_data_create()
    try:
        for name, value in settings.items():
            put(made, name, value)
        yield made
    finally:
        obs.obs_data_release(made)


def put(target: Any, name: str, value: Setting, default: bool = False) -> None:
    """Set one setting, or what it is as long as the user set nothing."""
    kind = {bool: "bool", int: "int", float: "double"}.get(type(value), "string")
    getattr(obs, f"obs_data_set_{'default_' if default else ''}{kind}")(target, name, value)
