"""``warifu doctor`` tries the layers of a signer's isolation and shows what each gives and costs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from warifu.cli import layers_shown
from warifu.cli.screen import Screen
from warifu.errors import HostUnsuitable
from warifu.signer.isolation.apply import LAYERS
from warifu.signer.isolation.layer import IsolationReport, LayerResult, State

REPORT = IsolationReport(
    (
        LayerResult("walled", "keeps things in", State.ON, "", True, 1.25),
        LayerResult("roofed", "keeps rain out", State.UNAVAILABLE, "no roof here", False, 2.5),
    )
)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """One line for each, however wide the terminal."""
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.unit
def test_each_layer_is_shown_with_its_cost_and_what_is_missing_with_its_reason(capsys, monkeypatch):
    monkeypatch.setattr(layers_shown, "try_isolation", lambda _folder: REPORT)
    answer = layers_shown.show_layers(Screen(), Path("/nonexistent"))
    text = said(capsys)
    assert "+ walled" in text and "1.25 ms" in text
    assert "- roofed" in text and "no roof here" in text and "keeps rain out" in text
    assert "keeps things in" not in text
    assert "1 of 2 on; they cost 4 ms" in text
    assert [(layer["name"], layer["state"], layer["milliseconds"]) for layer in answer] == [
        ("walled", "on", 1.25),
        ("roofed", "unavailable", 2.5),
    ]


@pytest.mark.unit
def test_a_trial_that_does_not_come_through_is_said_and_ends_nothing(capsys, monkeypatch):
    def fail(_folder: Path | None) -> IsolationReport:
        raise HostUnsuitable("isolation-trial", "the trial ended without a report")

    monkeypatch.setattr(layers_shown, "try_isolation", fail)
    assert layers_shown.show_layers(Screen(), Path("/nonexistent")) == []
    assert "the trial ended without a report" in said(capsys)


@pytest.mark.real
def test_the_doctor_tries_all_of_them():
    ended = subprocess.run(
        [sys.executable, "-m", "warifu.cli", "doctor", "--json"], capture_output=True, timeout=60, check=True
    )
    layers = json.loads(ended.stdout)["layers"]
    assert [layer["name"] for layer in layers] == [layer.name for layer in LAYERS]
    assert all(layer["milliseconds"] > 0 for layer in layers)
