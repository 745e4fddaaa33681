"""The few numbers of the flow tracker, in one place. Lengths are in working pixels unless said otherwise."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FlowSettings:
    """Weights add log-odds of cues that overlap, so they sum to more caution than independent cues would need."""

    long_side: int = 428
    """Working size of the picture's longer side: half of the DAVIS size, where DIS flow takes 5 ms."""
    prior_weight: float = 0.5
    """The last mask, carried by the flow."""
    local_weight: float = 0.6
    """Colours seen near the same place on the last frame."""
    colour_weight: float = 0.3
    """Colours of the object and its surroundings, remembered."""
    texture_weight: float = 2.4
    """Nearest remembered patches."""
    motion_weight: float = 0.6
    """Moves with the object rather than with the camera."""
    caution: float = 0.4
    """Taken off every pixel: the flow smears objects outwards, so without it masks grow."""
    flood: float = 1.5
    """More caution for every e-fold by which the carried mask is larger than the object usually is."""
    prior_blur: float = 0.02
    """Blur of the carried mask, as a share of the square root of its area."""
    adaptation: float = 0.1
    """Share of the newest frame in the adapted colour model; the prompted frames keep one half for ever."""
    smallest: float = 0.02
    """An object smaller than this share of its usual area is called gone."""
    lost_below: float = 0.1
    """Support (share of the usual one) under which a carried mask is called lost."""
    found_above: float = 0.6
    """Support (share of the usual one) that a found region must have."""
