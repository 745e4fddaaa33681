"""A manifest is understood, or the line that is not is named before any work."""

import json
from pathlib import Path

import pytest

from plugin.batch.manifest import Row, read_manifest
from plugin.batch.planning import Planner
from tam_core.errors import RequestError, SourceNotFoundError

GOOD = {"input": "clip.mp4", "operation": "track", "output": "a.json", "click": "10,20"}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("clip.mp4", "first.png", "m.json", "plate.jpg", "my@2 clip.png"):
        Path(name).touch()


def read(text: str, name: str = "list.jsonl", **defaults: str) -> list[Row]:
    Path(name).write_text(text, encoding="utf-8")
    return read_manifest(name, defaults)


def test_json_and_csv_say_the_same() -> None:
    row = {
        "input": "clip.mp4",
        "operation": "remove",
        "output": "out/a.mkv",
        "click": ["10,20", "2:30,40@5"],
        "mask": "first.png@3",
        "options": {"grow": 6, "with_shadow": True, "patch": "4=plate.jpg"},
        "on": "gpu",
    }
    table = (
        "input,operation,output,click,mask,options,on\n"
        'clip.mp4,remove,out/a.mkv,"10,20; 2:30,40@5",first.png@3,--grow 6 --with-shadow --patch 4=plate.jpg,gpu\n'
    )
    (from_json,) = read(json.dumps(row))
    (from_csv,) = read(table, "list.csv")
    assert (from_csv.input, from_csv.words, from_csv.on) == (from_json.input, from_json.words, "gpu")
    assert from_json.words == (
        ("click", "10,20"),
        ("click", "2:30,40@5"),
        ("mask", "first.png@3"),
        ("grow", "6"),
        ("with-shadow", True),
        ("patch", "4=plate.jpg"),
    )


def test_a_number_sign_in_a_name_is_a_part_of_it() -> None:
    Path("shot#1.mkv").write_bytes(b"one")
    (row,) = read(json.dumps({"input": "shot#1.mkv", "operation": "remove", "output": "a.mkv", "masks": "m.json#2"}))
    (unit,) = Planner("out").units(row)
    assert unit.inputs == ("shot#1.mkv", "m.json")


def test_what_excel_writes_before_a_table_is_no_part_of_it() -> None:
    table = 'input,operation,output,click\nclip.mp4,track,a.json,"10,20"\n'
    assert read("\ufeff" + table, "list.csv") == read(table, "list.csv")


def test_paths_are_relative_to_the_manifest_and_blank_lines_count(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    good = {**GOOD, "input": "../clip.mp4", "mask": "../first.png@7"}
    (row,) = read("\n\n" + json.dumps(good), "lists/list.jsonl")
    assert (row.line, row.input) == (3, "lists/../clip.mp4")
    assert ("mask", "lists/../first.png@7") in row.words


def test_defaults_are_for_rows_that_do_not_say_and_have_the_option() -> None:
    rows = [
        GOOD,
        {**GOOD, "output": "b.json", "options": {"engine": "pocket"}},
        {"input": "clip.mp4", "operation": "export", "output": "c.json", "masks": "m.json", "options": "--format json"},
    ]
    found = read("\n".join(map(json.dumps, rows)), engine="flow")
    assert [row.value("engine") for row in found] == ["flow", "pocket", None]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"operation": "paint"}, "no operation is named 'paint'"),
        ({"operation": None}, "'operation' has to be a text"),
        ({"input": ""}, "there is no 'input'"),
        ({"outptu": "x"}, "unknown column 'outptu'"),
        ({"output": "../a.json"}, "has to be a name"),
        ({"output": "tam-batch/a.json"}, "kept for the batch"),
        ({"options": {"grow": 3}}, "track has no option 'grow'"),
        ({"options": {"start": "soon"}}, "--start"),
        ({"options": {"engine": True}}, "engine is no switch"),
        ({"options": "engine flow"}, "'engine' stands where"),
        ({"options": 3}, "'options' has to be"),
        ({"click": [3]}, "'click' has to be a text"),
        ({"input": "gone.mp4"}, "no such file: gone.mp4"),
        ({"mask": "gone.png@2"}, "no such file: gone.png"),
        ({"output": "first.json"}, "is that of line 1"),
        ({"options": {"project": "x.tam"}}, "no option 'project'"),
    ],
)
def test_a_mistake_is_told_with_its_line(change: dict[str, object], said: str) -> None:
    rows = [{**GOOD, "output": "first.json"}, {**GOOD, **change}]
    with pytest.raises(RequestError) as error:
        read("\n".join(map(json.dumps, rows)))
    assert str(error.value).startswith("list.jsonl line 2: ") and said in str(error.value)


@pytest.mark.parametrize(
    ("text", "name"), [('{"input": ', "list.jsonl"), ('input\n"open', "list.csv"), ("3", "a.jsonl")]
)
def test_what_is_no_row_is_told_with_its_line(text: str, name: str) -> None:
    with pytest.raises(RequestError, match=r"line [12]: (not JSON|not CSV|expected an object)"):
        read(text, name)


def test_too_many_fields_are_most_often_commas_without_quotes() -> None:
    with pytest.raises(RequestError, match="line 2: more fields than columns"):
        read("input,operation,output,click\nclip.mp4,track,a.json,10,20\n", "list.csv")


def test_a_manifest_without_rows_and_one_that_is_not_there() -> None:
    with pytest.raises(RequestError, match="has no rows"):
        read("\n")
    with pytest.raises(SourceNotFoundError, match=r"no such manifest: gone\.jsonl"):
        read_manifest("gone.jsonl", {})
