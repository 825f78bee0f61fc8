import json
from pathlib import Path

import numpy as np
import pytest

from patchstream import PatchstreamError
from patchstream.spec_input import SpecInput, spec_bytes

DATA = {"dataset": "Task04_Hippocampus", "epochs": 3}
RUN = {"data": DATA, "training": {"learningRate": 0.1}}


def test_a_spec_may_be_a_dict_json_or_a_file_whole_or_its_data_part(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text("\ufeff" + json.dumps(RUN))
    given: list[SpecInput] = [DATA, RUN, json.dumps(DATA), json.dumps(RUN).encode(), file, str(file)]
    assert [json.loads(spec_bytes(one)) for one in given] == [DATA] * len(given)


def test_resolved_bytes_go_as_they_are() -> None:
    resolved = b'{"b": 1,  "a": 2}'
    assert spec_bytes(resolved) is resolved


def test_numbers_of_numpy_are_numbers() -> None:
    spec = {"dataset": "x", "epochs": np.int64(3), "plan": {"patchSize": np.array([8, 8, 8])}}
    assert json.loads(spec_bytes(spec)) == {"dataset": "x", "epochs": 3, "plan": {"patchSize": [8, 8, 8]}}


@pytest.mark.parametrize(
    ("spec", "code", "text"),
    [
        ("nowhere/run.json", "INPUT_DAMAGED", "nowhere/run.json: there is no such file; it must be a run spec in JSON"),
        ("{not json", "SPEC_INVALID", "it must be JSON"),
        ("[1]", "SPEC_INVALID", "it must be an object"),
        ("", "SPEC_INVALID", 'the run spec is ""; it must be a dict, JSON, or the path of a JSON file'),
        (None, "SPEC_INVALID", "the run spec is null; it must be a dict, JSON, or the path of a JSON file"),
        ([DATA], "SPEC_INVALID", "it must be a dict, JSON, or the path of a JSON file"),
        ({"data": DATA, "trainign": {}}, "SPEC_INVALID", "trainign is an object with 0 fields; it must be left out"),
        ({"data": 3}, "SPEC_INVALID", "data is 3; it must be an object"),
        ({"epochs": float("nan")}, "SPEC_INVALID", "it must be what JSON can hold"),
        ({"epochs": object()}, "SPEC_INVALID", "it must be what JSON can hold"),
    ],
)
def test_what_is_no_run_spec_is_refused_in_one_line(spec: SpecInput, code: str, text: str) -> None:
    with pytest.raises(PatchstreamError) as refused:
        spec_bytes(spec)
    assert refused.value.code == code
    assert text in str(refused.value)
    assert "\n" not in str(refused.value)
