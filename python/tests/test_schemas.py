"""What is written as JSON is what its schema says, and the schema knows every key that is written."""

from __future__ import annotations

import copy
import json

import jsonschema
import numpy as np
import pytest

import rangefinder

from conftest import ROOT

FORMATS = ROOT / "docs" / "formats"
SUMMARY = json.loads((FORMATS / "summary.schema.json").read_text())
RANGES = json.loads((FORMATS / "ranges.schema.json").read_text())


def strict(schema: object) -> object:
    """The same schema, which forbids keys that it does not name."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: strict(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        result["additionalProperties"] = False
    return result


def check(document: object, schema: dict) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    jsonschema.validate(document, strict(schema), jsonschema.Draft202012Validator)


@pytest.mark.parametrize("effort", ["fast", "normal", "thorough"])
@pytest.mark.parametrize("method", ["mse", "kl", "isotone", "mean-percentile"])
def test_summary(cnn, samples, effort, method):
    check(rangefinder.quantize(cnn, samples, effort=effort, method=method).to_dict(), SUMMARY)


def test_summary_of_a_choice(mbv2, samples):
    check(rangefinder.quantize(mbv2, samples, min_sqnr=45).to_dict(), SUMMARY)
    check(rangefinder.quantize(mbv2, samples, fastest=True).to_dict(), SUMMARY)


def test_summary_with_times_of_nodes(cnn, samples):
    summary = rangefinder.quantize(cnn, samples, node_times=True).to_dict()
    assert summary["node_times"]["int8_us"] > 0
    check(summary, SUMMARY)


def test_summary_without_anything_to_judge_by(cnn, samples):
    check(rangefinder.quantize(cnn, samples[:1]).to_dict(), SUMMARY)
    check(rangefinder.solve(cnn, rangefinder.observe(cnn, samples)).to_dict(), SUMMARY)
    check(rangefinder.quantize(cnn, [np.zeros_like(samples[0])] * 12).to_dict(), SUMMARY)


def test_summary_as_the_program_writes_it(cnn, sample_folder, program, tmp_path):
    program("quantize", cnn, "--data", sample_folder, "-o", tmp_path / "a.onnx", "--summary", tmp_path / "a.json")
    check(json.loads((tmp_path / "a.json").read_text()), SUMMARY)


def test_ranges(cnn, sample_folder, program, tmp_path):
    (tmp_path / "rpu.json").write_text('{"forward": {"inp_res": 254}, "mapping": {"max_input_size": 16}}')
    program("analog", "calibrate", cnn, "--data", sample_folder, "--type", "max", "--rpu-config",
            tmp_path / "rpu.json", "-o", tmp_path / "a.onnx", "--ranges", tmp_path / "a.json")
    check(json.loads((tmp_path / "a.json").read_text()), RANGES)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda summary: summary.pop("verdict"),
        lambda summary: summary.update(schema_version=2),
        lambda summary: summary["outputs"][0].update(cosine="1"),
        lambda summary: summary["tensors"][0].update(scale=0),
        lambda summary: summary["tensors"][0].update(figure="high"),
        lambda summary: summary["verdict"].update(level="fine"),
        lambda summary: summary["seconds"].pop("solve"),
    ],
)
def test_the_schema_refuses_what_is_wrong(cnn, samples, break_it):
    summary = copy.deepcopy(rangefinder.quantize(cnn, samples[:12], effort="fast").to_dict())
    break_it(summary)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(summary, SUMMARY)


def test_readers_bear_keys_that_are_added(cnn, samples):
    summary = rangefinder.quantize(cnn, samples[:12], effort="fast").to_dict()
    summary["new"] = 1
    summary["outputs"][0]["new"] = "one"
    jsonschema.validate(summary, SUMMARY)


def test_every_key_is_documented():
    page = (FORMATS / "summary.md").read_text()
    objects = [SUMMARY, *SUMMARY["$defs"].values()]
    missing = [key for part in objects for key in part["properties"] if f"`{key}`" not in page]
    assert missing == []
