"""A table of the epochs: a line an epoch, also where a run was stopped in between."""

from __future__ import annotations

import csv

import pytest

import kspec
from kspec.callbacks.csv_log import CSVLog
from kspec.runtime.logs import Table, cells_of
from tests.cuts import in_parts
from tests.test_phases import DATA, spec

BODY = """\
  csv_log { file = "table.tsv", separator = "\\t" }
  checkpoint { every = 1steps }
  phase one { epochs = 2, reduce_lr { monitor = loss, patience = 1, min_delta = 9.0 } }
  phase two { epochs = 2, optimizer **.bias = sgd(0.1) }
"""


@pytest.mark.parametrize("cuts", [(), (1,), (3, 2)], ids=str)
def test_a_table_has_a_line_an_epoch(tmp_path, cuts):
    program = kspec.compile_text(spec(BODY), folder=tmp_path)
    folder = tmp_path / "run"

    def tear() -> None:
        with (folder / "table.tsv").open("a", encoding="utf-8") as file:
            file.write("9\ttorn")

    run = in_parts(program, folder, cuts, DATA, tear)
    with (folder / "table.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["phase"] for row in rows] == ["one", "one", "two", "two"]
    for row, record in zip(rows, run.history, strict=True):
        assert float(row["loss"]) == record["train"]["loss"]
        assert float(row["validation.loss"]) == record["validation"]["loss"]
    assert rows[0]["learning_rate"] and not rows[2]["learning_rate"]
    assert rows[2]["learning_rate_group_1"] and not rows[0]["learning_rate_group_1"]


def test_a_run_that_is_saved_has_its_table(tmp_path):
    run = kspec.compile_text(spec("  csv_log { }")).fit(DATA, quiet=True)
    lines = (run.save(tmp_path / "run") / "log.csv").read_text(encoding="utf-8").split("\n")
    assert lines[0] == "epoch,loss,validation.loss,seconds"
    assert lines[1].startswith("1,") and lines[2:] == [""]


def test_cells_hold_lists_and_numbers_that_are_none(tmp_path):
    record = {"epoch": 1, "train": {"loss": float("nan"), "f": [0.5, 1.0]}, "seconds": 0.1}
    assert cells_of(record) == {"epoch": "1", "loss": "NaN", "f": "[0.5, 1.0]", "seconds": "0.1"}
    Table(tmp_path, CSVLog(), [record])
    text = (tmp_path / "log.csv").read_text(encoding="utf-8")
    assert text == 'epoch,loss,f,seconds\n1,NaN,"[0.5, 1.0]",0.1\n'


@pytest.mark.parametrize(
    "name",
    [
        *("../x.csv", "/x.csv", "a/b.csv", "model.py", "run.json", ".csv", "x.csv\n", ""),
        *("x\\y.csv", "~x.csv", "x.csv.json", "metrics.jsonl", "CON:.csv", "-x.csv", "é.csv"),
    ],
)
def test_no_name_leads_out_of_the_folder_or_to_another_file(name):
    assert CSVLog(file=name).check() is not None
    assert CSVLog(file="a_log-2.csv").check() is None
    assert CSVLog(separator="=").check() is not None
