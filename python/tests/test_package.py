"""The package by itself: what it needs to be imported, and its types."""

import importlib.resources
import subprocess
import sys

import pytest

import forewarn


def test_importing_it_needs_no_arrow_library():
    """In an interpreter of its own: here pandas may have loaded one already."""
    script = "import sys, forewarn; print(sorted({'pyarrow', 'pandas', 'polars'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_types_are_shipped():
    files = importlib.resources.files(forewarn)
    assert (files / "py.typed").is_file()
    assert "class Frame" in (files / "_native.pyi").read_text()


def test_a_models_outputs_are_the_columns_it_gives(registry, labelled):
    for name in ["plant_alarm_champion", "plant_alarm_pca", "plant_alarm_regime_classifier"]:
        model = forewarn.Model.load(name, registry=registry)
        assert model.predict(labelled).names == model.outputs
    forecaster = forewarn.Model.load("plant_alarm_forecaster_3h", registry=registry)
    assert forecaster.forecast(labelled, rolling=True).names == forecaster.outputs


def test_what_the_plant_file_says_of_forecasts(plant):
    text = plant.text.replace('forecast_target = "within"', 'forecast_target = "at"')
    changed = forewarn.Plant.parse(text.replace("false_alarms_per_day = 1.0", "false_alarms_per_day = 2.5"))
    assert (changed.forecast_target, changed.false_alarms_per_day) == ("at", 2.5)
    assert plant.forecast_target == "within" and plant.false_alarms_per_day == pytest.approx(1.0)
