"""How each network of ours was trained."""

from dataclasses import replace

from tam_core.training.batch import BatchPlan
from tam_core.training.clip import ClipMix
from tam_core.training.recipe import Recipe, Stage
from tam_core.training.unroll import Chances

_MIX = ClipMix(pasted=0.4, still=0.15, video=0.45)
_SHORT = BatchPlan((160, 288), length=4, batch=8, mix=_MIX)
_LONGER = BatchPlan((224, 384), length=6, batch=4, mix=_MIX, pool=16)
_PICTURES = BatchPlan((224, 384), length=1, batch=12, mix=ClipMix(pasted=0.3, still=0.55, video=0.15), pool=48)

_FAST = BatchPlan((160, 288), length=3, batch=4, mix=ClipMix(pasted=0.3, still=0.1, video=0.6))
_LARGER = BatchPlan((224, 384), length=3, batch=3, mix=_FAST.mix, pool=24)
_LARGEST = BatchPlan((256, 448), length=3, batch=2, mix=_FAST.mix, pool=24)
_SMALL_PICTURES = BatchPlan((192, 352), length=1, batch=6, mix=_PICTURES.mix, pool=48)

_FAR = BatchPlan((160, 288), length=4, batch=4, mix=_FAST.mix, distant=True)
_LARGEST_FAR = BatchPlan((256, 448), length=4, batch=2, mix=_FAST.mix, pool=24, distant=True)

_VISITED = replace(_FAST.mix, visited=0.3)
_APART = ClipMix(pasted=0.4, still=0, video=0.6, lookalike=0.4, leaves=0.4, visited=0.4, elsewhere=0.15, apart=True)
_FAST_2, _LARGEST_2 = replace(_FAST, mix=_VISITED), replace(_LARGEST, mix=_VISITED)
_FAR_2, _LARGEST_FAR_2 = replace(_FAR, mix=_APART), replace(_LARGEST_FAR, mix=_APART)
_APART_TOO = (_FAST_2, _LARGEST_FAR_2, _SMALL_PICTURES, _FAR_2, _LARGEST_2, _SMALL_PICTURES)

_APART_3 = replace(_APART, elsewhere=0.05)
_SMALL_THINGS = BatchPlan((256, 448), length=1, batch=4, mix=replace(_PICTURES.mix, patchwork=0.5), pool=48)
_FAR_3, _LARGEST_FAR_3 = replace(_FAR_2, mix=_APART_3), replace(_LARGEST_FAR_2, mix=_APART_3)
_CLIPS_3 = (_FAST_2, _LARGEST_FAR_3, _FAR_3, _LARGEST_2)
_HALF_PICTURES = tuple(plan for clips in _CLIPS_3 for plan in (clips, _SMALL_THINGS))
_THIRD_PICTURES = (_FAST_2, _LARGEST_FAR_3, _SMALL_THINGS, _FAR_3, _LARGEST_2, _SMALL_THINGS)

_CROWDS = replace(_SMALL_THINGS, mix=replace(_SMALL_THINGS.mix, crowded=0.5))
_HALF_CROWDS = tuple(plan for clips in _CLIPS_3 for plan in (clips, _CROWDS))

_HARDER = Chances(rounds=4, no_colours=0.4, drift=0.35, merged=0.4, boxed=0.2)
_MILDER = Chances(second_prompt=0.0, no_colours=0.25, drift=0.15, merged=0.4, boxed=0.2)
_ROUNDS = Chances(rounds=4, second_prompt=0.0, no_colours=0.25, drift=0.15, merged=0.4, boxed=0.2)
_FAR_ROUNDS = replace(_ROUNDS, drift=0.3)

RECIPES = {
    "pocket": Recipe(
        (
            Stage(1250, (_SHORT,), (1.5e-3, 1.1e-3)),
            Stage(850, (_LONGER, _LONGER, _PICTURES), (1.1e-3, 2e-5), _HARDER),
            Stage(1000, (_FAST, _FAST, _FAST, _SMALL_PICTURES), (7e-4, 1e-5), _MILDER),
            Stage(4655, (_FAST, _FAST, _SMALL_PICTURES), (7e-4, 7e-4), _ROUNDS),
            Stage(245, (_FAST, _LARGER, _SMALL_PICTURES), (7e-4, 0.00067), _ROUNDS),
            Stage(1200, (_FAST, _LARGER, _SMALL_PICTURES), (0.00067, 1e-5), _ROUNDS),
            Stage(2322, (_FAST, _LARGER, _SMALL_PICTURES), (7e-4, 7e-4), _ROUNDS),
            Stage(1200, (_FAST, _LARGER, _SMALL_PICTURES), (7e-4, 1e-5), _ROUNDS),
            Stage(735, (_FAST, _SMALL_PICTURES, _LARGER, _SMALL_PICTURES), (6e-4, 6e-4), _ROUNDS),
            Stage(3253, (_FAST, _LARGER, _SMALL_PICTURES), (7e-4, 7e-4), _ROUNDS, "muon"),
            Stage(4400, (_FAST, _LARGEST, _SMALL_PICTURES), (7e-4, 1e-5), _ROUNDS, "muon"),
            Stage(
                6000,
                (_FAST, _LARGEST_FAR, _SMALL_PICTURES, _FAR, _LARGEST, _SMALL_PICTURES),
                (6e-4, 1e-5),
                _FAR_ROUNDS,
                "muon",
            ),
            Stage(2109, _APART_TOO, (5e-4, 2.5e-4), _FAR_ROUNDS, "muon"),
            Stage(1000, _APART_TOO, (2.5e-4, 1e-5), _FAR_ROUNDS, "muon", kept=True),
            Stage(4200, _HALF_PICTURES, (5e-4, 1e-5), _FAR_ROUNDS, "muon", kept=True),
            Stage(2100, _THIRD_PICTURES, (4e-4, 1e-5), _FAR_ROUNDS, "muon", kept=True),
            Stage(3000, _HALF_CROWDS, (5e-4, 1e-5), _FAR_ROUNDS, "muon", kept=True),
        )
    )
}
