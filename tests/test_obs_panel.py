"""The script's page: its menus come from the worker's catalogue."""

from dataclasses import replace

from plugin.catalogue import catalogue
from plugin.link import wire
from plugin.obs import edits
from plugin.obs.panel import Shown, panel
from plugin.obs.ports import Field
from plugin.obs.settings import RECORDING, Settings, read

NOTHING = Shown("Nothing is under way.", ["Clip", "Camera"], None, armed=False, panicking=False, swapped=False)


def lines(fields: list[Field]) -> dict[str, Field]:
    return {line.name: line for field in fields for line in (field, *field.fields)}


def with_more() -> wire.Catalogue:
    """The catalogue as it may be one day."""
    known = catalogue("cpu")
    strength = wire.Parameter("strength", "float", 0.5, "how much", low=0, high=1)
    later = wire.Entry("blur", "operation", "Blur", "blurs objects", parameters=[strength])
    film = wire.Entry("matte", "export", "Matte: film", "a film of the masks", takes="masklets", suffix=".mov")
    return replace(known, entries=[*known.entries, later, film])


def test_before_a_worker_is_found_the_page_offers_to_find_it() -> None:
    found = lines(panel(NOTHING, Settings()))
    assert found["find"].shown
    assert "edit" not in found
    assert found["source"].choices == ((RECORDING, "The last recording"), ("Clip", "Clip"), ("Camera", "Camera"))


def test_the_menus_are_the_catalogue_s() -> None:
    found = lines(panel(replace(NOTHING, catalogue=catalogue("cpu")), Settings()))
    names = [name for name, title in found["edit"].choices]
    assert names[0] == "remove/plate"
    assert "export/preview" in names
    assert not any("track" in name for name in names)
    assert {"h264", "vp9"} <= {name for name, title in found["result"].choices}
    assert "png" not in dict(found["result"].choices)
    assert dict(found["engine"].choices)["flow"] == "flow"
    assert dict(found["engine"].choices)["auto"].startswith("automatic (")
    grow = found["remove/plate/grow"]
    assert (grow.kind, grow.default, grow.low, grow.high) == ("int", -1, -1, 64)


def test_operations_have_their_own_lines_and_files_are_chosen() -> None:
    settings = read({"edit": "replace", "replace/insert": "/pictures/cat.png", "replace/scale": 2})
    found = lines(panel(replace(NOTHING, catalogue=catalogue("cpu")), settings))
    offered = dict(found["edit"].choices)
    assert {"replace", "replace-background", "effect"} <= offered.keys()
    assert found["replace/insert"].kind == found["replace-background/background"].kind == "path"
    assert found["replace/insert"].shown and not found["effect/object"].shown
    assert ("blur:heavy", "blur:heavy") in found["effect/object"].choices
    edit = edits.find(catalogue("cpu"), "replace")
    assert edit is not None and edit.files(settings.values) == ["/pictures/cat.png"]
    assert edit.given(settings.values) == {"insert": "/pictures/cat.png", "scale": 2.0}


def test_what_the_catalogue_gets_later_appears_by_itself() -> None:
    settings = read({"edit": "blur"})
    fields = panel(replace(NOTHING, catalogue=with_more()), settings)
    names = [name for name, title in lines(fields)["edit"].choices]
    assert {"blur", "export/matte"} <= set(names)
    assert lines(fields)["blur/strength"].shown
    assert not lines(fields)["remove/plate/grow"].shown
    assert not lines(fields)["find"].shown


def test_an_edit_takes_its_parameters_from_the_settings_in_its_own_types() -> None:
    edit = edits.find(with_more(), "blur")
    assert edit is not None
    assert edit.given({"blur/strength": 1, "remove/plate/grow": 3}) == {"strength": 1.0}
    removal = edits.find(catalogue("cpu"), "")
    assert removal is not None
    assert (removal.operation, removal.tool) == ("remove", "plate")
    assert removal.given({"remove/plate/grow": 3.0}) == {"grow": 3}
    assert edits.find(catalogue("cpu"), "remove/gone") is None


def test_buttons_say_what_they_would_do() -> None:
    at_rest = lines(panel(NOTHING, Settings()))
    busy = lines(panel(replace(NOTHING, armed=True, panicking=True, swapped=True), Settings()))
    assert (at_rest["arm"].label, busy["arm"].label) == ("Arm", "Disarm")
    assert (at_rest["panic"].label, busy["panic"].label) == ("Blur everything now", "End the panic")
    assert (at_rest["back"].shown, busy["back"].shown) == (False, True)


def test_every_setting_has_the_same_default_on_the_page_as_in_the_record() -> None:
    usual = Settings()
    found = lines(panel(replace(NOTHING, catalogue=catalogue("cpu")), usual))
    for name in ("source", "clicks", "result", "swap", "final", "live", "look", "rate", "delay", "engine", "tam"):
        assert found[name].default == getattr(usual, name), name


def test_settings_of_a_wrong_kind_are_the_default() -> None:
    kept = {"source": "Clip", "rate": "often", "swap": 1, "unknown": 3}
    assert read(kept) == Settings(source="Clip", values=kept)
