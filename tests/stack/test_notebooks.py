"""The notebooks run from top to bottom in a kernel of this environment, and make the plots they promise."""

import json
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from product import ROOT

NOTEBOOKS = {"01_eda.ipynb": 7, "02_models.ipynb": 8, "03_validation.ipynb": 4}  # plots at least


@pytest.fixture
def kernel(tmp_path, monkeypatch) -> str:
    """A kernel of this very Python, whatever else the machine has installed."""
    folder = tmp_path / "kernels" / "stack"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps({
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "stack",
        "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return "stack"


def run(name: str, kernel: str, folder) -> tuple[nbformat.NotebookNode, int]:
    notebook = nbformat.read(ROOT / "notebooks" / name, as_version=4)
    NotebookClient(notebook, timeout=1800, kernel_name=kernel, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    plots = sum("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output.output_type == "error"]
    return notebook, plots


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_on_the_labelled_table(name, kernel, labelled_table, tmp_path, monkeypatch):
    monkeypatch.setenv("FOREWARN_TABLE", str(labelled_table))
    _, plots = run(name, kernel, tmp_path)
    assert plots >= NOTEBOOKS[name]


def test_without_a_table_the_simulated_plant_is_taken(kernel, tmp_path, monkeypatch):
    monkeypatch.delenv("FOREWARN_TABLE", raising=False)
    notebook, _ = run("01_eda.ipynb", kernel, tmp_path)
    assert "simulated" in json.dumps(notebook.cells[1].outputs)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_kept_without_outputs(name):
    notebook = nbformat.read(ROOT / "notebooks" / name, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.execution_count is None and cell.outputs == []
