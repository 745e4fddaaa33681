"""Where in a scene a source is shown, and how to show another one right above it in the same way."""

from dataclasses import dataclass
from typing import Any

import obspython as obs


@dataclass(frozen=True)
class Place:
    """``order``: of the item among the scene's, the lowest is 0. ``info`` and ``crop`` are OBS's own records."""

    order: int
    info: Any
    crop: Any


def places_in(scene: Any, source: Any) -> list[Place]:
    """Every visible item of the source. What lies in groups is not found."""
    items = obs.obs_scene_enum_items(scene)
    try:
        shown = [item for item in items if obs.obs_sceneitem_visible(item)]
        return [_place(item) for item in shown if obs.obs_sceneitem_get_source(item) == source]
    finally:
        obs.sceneitem_list_release(items)


def put_at(scene: Any, source: Any, place: Place) -> None:
    """Show a source above a place."""
    item = obs.obs_scene_add(scene, source)
    obs.obs_sceneitem_set_info(item, place.info)
    obs.obs_sceneitem_set_crop(item, place.crop)
    obs.obs_sceneitem_set_order_position(item, place.order + 1)


def _place(item: Any) -> Place:
    info, crop = obs.obs_transform_info(), obs.obs_sceneitem_crop()
    obs.obs_sceneitem_get_info(item, info)
    obs.obs_sceneitem_get_crop(item, crop)
    return Place(obs.obs_sceneitem_get_order_position(item), info, crop)
