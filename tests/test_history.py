"""Commands: what each makes of what was known, without an engine, a file or a session."""

import numpy as np

from tam_core import rle
from tam_core.history import (
    Accepted,
    Command,
    Dropped,
    Edit,
    Engines,
    Findings,
    Labelled,
    Prompted,
    Propagated,
    Rejected,
    Removed,
    correction,
)
from tam_core.labels import Label
from tam_core.masklet import Sighting
from tam_core.prompts import Box, Click, MaskPrompt
from tam_core.reacquire import Proposal
from tam_core.rle import RLE
from tam_core.shots import Shot
from tam_core.words import Painted, to_prompt, to_word


def dot(column: int) -> RLE:
    """A mask of one pixel, so that masks are told apart by a number."""
    mask = np.zeros((2, 9), dtype=bool)
    mask[0, column] = True
    return rle.encode(mask)


def prompted(frame: int, column: int, object_id: int = 1) -> Prompted:
    return Prompted(frame, (Click(frame, object_id, column, 0),), {object_id: dot(column)})


def propagated(columns: dict[int, int], finished: bool = True, **found: object) -> Propagated:
    sightings = {frame: Sighting(dot(column), 0.5) for frame, column in columns.items()}
    return Propagated((1,), "both", 0, None, "ask", Findings({1: sightings}, finished=finished, **found))  # type: ignore[arg-type]


def fold(*commands: Command) -> Edit:
    edit = Edit()
    for command in commands:
        edit = command.apply(edit)
    return edit


def columns(edit: Edit, object_id: int = 1) -> dict[int, int]:
    masklet = edit.masklets[object_id]
    return {frame: int(np.flatnonzero(masklet.rles[frame].decode()[0])[0]) for frame in masklet.frames}


def test_prompt_is_shown_at_once_and_is_to_be_tracked() -> None:
    edit = fold(prompted(3, 5))
    assert columns(edit) == {3: 5}
    assert edit.masklets[1].scores == {3: 1.0}
    assert edit.anchors == {1: {3: dot(5)}}
    assert edit.stale == {1}


def test_propagation_leaves_the_users_masks_alone() -> None:
    edit = fold(prompted(0, 1), prompted(2, 8), propagated({0: 2, 1: 2, 2: 2, 3: 2}))
    assert columns(edit) == {0: 1, 1: 2, 2: 8, 3: 2}
    assert edit.masklets[1].scores == {0: 1.0, 1: 0.5, 2: 1.0, 3: 0.5}
    assert edit.stale == set()


def test_prompt_given_while_a_propagation_ran_wins_and_stays_to_be_tracked() -> None:
    """The prompt comes after the propagation, whose finds came after it."""
    run, word = propagated({0: 2}, finished=False), prompted(2, 8)
    assert columns(fold(prompted(0, 1), run, word)) == {0: 1, 2: 8}
    run.found.masks[1].update({frame: Sighting(dot(2), 0.5) for frame in (1, 2, 3)})
    run.found.finished = True
    edit = fold(prompted(0, 1), run, word)
    assert columns(edit) == {0: 1, 1: 2, 2: 8, 3: 2}
    assert edit.stale == {1}


def test_what_a_propagation_did_not_reach_stays() -> None:
    edit = fold(prompted(0, 1), propagated({1: 2, 2: 2, 3: 2}), propagated({1: 4}, finished=False))
    assert columns(edit) == {0: 1, 1: 4, 2: 2, 3: 2}


def test_shots_in_which_the_object_is_not_are_forgotten() -> None:
    run = propagated({1: 4}, absences=[(1, Shot(2, 4))])
    assert columns(fold(prompted(0, 1), propagated({1: 2, 2: 2, 3: 2, 4: 2}), run)) == {0: 1, 1: 4, 4: 2}


def test_flag_goes_with_the_mask_it_was_raised_for() -> None:
    flagged = propagated({1: 2})
    flagged.found.masks[1][1] = Sighting(dot(2), 0.2, "jumped")
    assert fold(prompted(0, 1), flagged).masklets[1].flags == {1: "jumped"}
    assert fold(prompted(0, 1), flagged, propagated({1: 3})).masklets[1].flags == {}
    assert fold(prompted(0, 1), flagged, prompted(1, 3)).masklets[1].flags == {}


def proposal(frame: int, object_id: int = 1) -> Proposal:
    return Proposal(object_id, frame, dot(7), 0.6, Shot(frame, frame + 2))


def test_proposals_are_renewed_where_their_object_was_looked_for() -> None:
    first = propagated({}, proposals=[proposal(4), proposal(8)])
    second = Propagated((1,), "both", 0, 6, "ask", Findings(proposals=[proposal(5)], finished=True))
    edit = fold(prompted(0, 1), first, second)
    assert [one.frame for one in edit.proposals] == [5, 8]


def test_accepted_proposal_is_a_prompt_and_rejected_one_is_gone() -> None:
    known = (prompted(0, 1), propagated({}, proposals=[proposal(4), proposal(8)]))
    edit = fold(*known, Accepted(proposal(4)))
    assert columns(edit) == {0: 1, 4: 7}
    assert edit.words[-1] == Painted(4, 1, dot(7))
    assert edit.stale == {1}
    assert edit.proposals == (proposal(8),)
    assert fold(*known, Rejected(proposal(4))).proposals == (proposal(8),)


def test_dropped_object_leaves_nothing_behind() -> None:
    edit = fold(prompted(0, 1), Labelled(1, "Dog"), prompted(0, 2, object_id=2), Dropped(1, 4), Dropped(1))
    assert edit == fold(prompted(0, 2, object_id=2))


def test_object_ends_and_is_taken_up_again_behind_its_end() -> None:
    edit = fold(prompted(0, 1), propagated({1: 2, 2: 2, 3: 2}), Dropped(1, 2))
    assert columns(edit) == {0: 1, 1: 2}
    assert edit.ends == {1: 2}
    assert prompted(1, 1).apply(edit).ends == {1: 2}
    assert prompted(2, 1).apply(edit).ends == {}


def test_click_on_a_tracked_frame_corrects_its_mask() -> None:
    edit = fold(prompted(0, 1), propagated({1: 2}))
    click, box, painted = Click(1, 1, 3, 0), Box(1, 1, (0, 0, 2, 2)), Painted(1, 1, dot(3))
    assert correction(edit, 1, [click]) == {1: dot(2)}
    assert correction(edit, 2, [Click(2, 1, 3, 0)]) == {}, "nothing is known there"
    assert correction(edit, 0, [Click(0, 1, 3, 0)]) == {}, "the user has spoken there"
    assert correction(edit, 1, [box, click]) == correction(edit, 1, [painted]) == {}, "these begin anew"
    corrected = Prompted(1, (click,), {1: dot(3)}, {1: dot(2)}).apply(edit)
    assert corrected.words[-2:] == (Painted(1, 1, dot(2)), click)


def test_painted_mask_ends_what_was_said_on_its_frame() -> None:
    painted = Prompted(0, (Painted(0, 1, dot(4)),), {1: dot(4)})
    edit = fold(prompted(0, 1), prompted(0, 1, object_id=2), painted)
    assert [type(word) for word in edit.words] == [Click, Painted]


def test_labels_change_in_part() -> None:
    edit = fold(prompted(0, 1), Labelled(1, "Dog"), Labelled(1, None, "#102030"))
    assert edit.label(1) == Label("Dog", "#102030")


def test_removal_is_outdated_by_other_masks_alone() -> None:
    removal = Removed("plate", (1,), 0, 9)
    edit = fold(prompted(0, 1), prompted(0, 2, object_id=2), removal)
    assert edit.removal is removal and not edit.removal_outdated
    for harmless in (prompted(3, 1, object_id=2), Labelled(1, "Dog"), Engines("flow", "grabcut")):
        assert not harmless.apply(edit).removal_outdated
    for change in (prompted(3, 1), Dropped(1), Dropped(1, 3), propagated({1: 1})):
        assert change.apply(edit).removal_outdated


def test_masks_are_remembered_exactly() -> None:
    prompt = MaskPrompt(3, 1, dot(5).decode())
    assert to_prompt(to_word(prompt)) == prompt


def test_commands_for_unknown_objects_change_nothing_known() -> None:
    edit = fold(prompted(0, 1))
    assert Dropped(7, 3).apply(edit) == Dropped(7).apply(edit) == edit
    assert Propagated((7,), "both", 0, None, "ask").apply(edit).masklets == edit.masklets
