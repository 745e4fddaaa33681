"""Blur everything, at once, with nothing but OBS: every scene is drawn very small and then large again.

Two of OBS's own scaling filters do it. What is left of a picture is some 16 x 9 pixels, from which nothing can be
read; whoever watches or records gets only that. It stays on, also over a restart of OBS, until it is turned off.
"""

from .ports import Obs, Size

SMALL, LARGE = "tam-studio panic 1", "tam-studio panic 2"
KIND = "scale_filter"
ACROSS = 16


def is_on(obs: Obs) -> bool:
    return any(obs.has_filter(scene, LARGE) for scene in obs.scenes())


def turn_on(obs: Obs) -> None:
    """The scene that is shown first. Called again, it blurs the scenes that came meanwhile."""
    current, canvas = obs.current_scene(), obs.canvas()
    sharp = [scene for scene in obs.scenes() if not obs.has_filter(scene, LARGE)]
    for scene in sorted(sharp, key=lambda scene: scene != current):
        obs.put_filter(scene, SMALL, KIND, {"resolution": _written(_small(canvas)), "sampling": "area"})
        obs.put_filter(scene, LARGE, KIND, {"resolution": _written(canvas), "sampling": "bicubic"})


def turn_off(obs: Obs) -> None:
    for scene in obs.scenes():
        for name in (LARGE, SMALL):
            obs.drop_filter(scene, name)


def _small(canvas: Size) -> Size:
    width, height = canvas
    return (ACROSS, max(1, ACROSS * height // width)) if width >= height else (max(1, ACROSS * width // height), ACROSS)


def _written(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
