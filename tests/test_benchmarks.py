"""The harness of the benchmarks, with clocks that are made up; nothing is timed here."""

from __future__ import annotations

import dataclasses
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from benchmarks import __main__ as command
from benchmarks import harness, results, workloads
from benchmarks.harness import Done, Floor, Measured, Run, Workload
from benchmarks.machine import PACKAGES, Rates
from tests.conftest import TESTS

RATES = Rates(flops=1e9, bytes=1e9)
FACTS = {
    **dict.fromkeys(PACKAGES, "1.0"),
    "date": "2000-01-01",
    "machine": "a machine",
    "device": "a device",
    "load": "0.0",
    "python": "3",
}


class Clock:
    """Stands still but while a contender works."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[str] = []

    def __call__(self) -> float:
        return self.now

    def contender(self, name: str, seconds: list[float], loss: float, updates: int = 1) -> Run:
        """Takes those seconds, one after the other, and reaches that loss."""
        left: Iterator[float] = iter(seconds)
        done = 0

        def call() -> Done:
            nonlocal done
            done += updates
            self.calls.append(name)
            self.now += next(left)
            return Done(loss, done)

        return call


def toy(clock: Clock, loss: float = 1.0, updates: int = 1, **changes: object) -> Workload:
    """Two contenders and three rounds; the peer has that loss."""
    ours = clock.contender("kspec", [50, 2, 4, 6], 1.0)
    theirs = clock.contender("keras", [70, 8, 2, 12], loss, updates)
    workload = Workload(
        unit="epoch",
        units=2,
        goals={"keras": 1.5},
        contenders={"kspec": lambda: ours, "keras": lambda: theirs},
        tolerance=0.05,
        floor=Floor(flops=5e8, bytes=1e8),
    )
    return dataclasses.replace(workload, **changes)


def measured(loss: float = 1.0, updates: int = 1, **changes: object) -> Measured:
    clock = Clock()
    return harness.measure("toy", toy(clock, loss, updates, **changes), 3, clock)


def test_contenders_take_turns_and_another_one_begins_each_round():
    clock = Clock()
    harness.measure("toy", toy(clock), 3, clock)
    warm, *rounds = [clock.calls[at : at + 2] for at in range(0, 8, 2)]
    assert warm == ["kspec", "keras"]
    assert rounds == [["kspec", "keras"], ["keras", "kspec"], ["kspec", "keras"]]


def test_seconds_are_of_a_unit_and_the_first_call_is_apart():
    times = measured().times["kspec"]
    assert times.rounds == [1, 2, 3]
    assert (times.median, times.first) == (2, 50)


def test_where_nothing_is_compiled_before_the_first_call_counts():
    times = measured(cold=True).times["kspec"]
    assert times.rounds == [25, 1, 2]
    assert times.first is None


def test_a_workload_bounds_its_rounds():
    assert measured(most=2).times["keras"].rounds == [4, 1]


def test_the_ratio_is_of_medians_and_its_spread_of_rounds():
    each = measured()
    assert each.ratio("keras") == 4 / 2
    assert each.spread("keras") == (1 / 2, 4 / 1)


def test_losses_may_differ_by_the_tolerance_only():
    assert measured(loss=1.04).faults() == []
    assert measured(loss=1.06).faults() == ["the loss of keras is 1.06, kspec's 1"]
    assert measured(loss=float("nan")).faults() == ["the loss of keras is nan, kspec's 1"]


def test_a_peer_may_have_a_tolerance_of_its_own():
    each = measured(loss=1.06, wider={"keras": 0.1})
    assert each.faults() == harness.read(harness.write(each)).faults() == []
    assert "(+6.0% of 10%)" in results.page(FACTS, RATES, 3, [each])
    assert measured(loss=1.06, wider={"jax": 0.1}).faults()


def test_keras_on_tensorflow_trains_the_workload_that_it_is_compared_in():
    folder = TESTS.parent / "benchmarks" / "workloads"
    named = {
        file.stem: re.findall(r"installed\(keras=\"(\w+)\"", file.read_text(encoding="utf-8"))
        for file in folder.glob("*.py")
    }
    assert sum(map(bool, named.values())) == 7
    assert all(names in ([], [stem]) for stem, names in named.items())


def test_who_makes_other_updates_is_not_compared():
    assert measured(updates=2).faults() == ["keras made 8 updates, kspec 4"]


def test_the_floor_is_what_takes_longest():
    assert Floor(flops=5e8, bytes=1e8).seconds(RATES) == 0.5
    assert Floor(flops=5e8, bytes=2e9).seconds(RATES) == 2


def test_what_was_measured_reads_back():
    each = measured()
    assert harness.read(harness.write(each)) == each


def test_the_page_has_the_numbers_and_what_speaks_against_them():
    page = results.page(FACTS, RATES, 3, [measured()])
    assert "| toy, epoch | kspec | 2.00 | 1.00 to 3.00 | 50.0 |" in page
    assert "| Keras on JAX | 4.00 | 1.00 to 6.00 | 70.0 | **2.00** | 0.50 to 4.00 |" in page
    assert "1.5, reached | 1.0000 (+0.0% of 5%) |" in page
    assert "must not be compared" not in page
    assert "- toy: the loss of keras is 2" in results.page(FACTS, RATES, 3, [measured(loss=2)])


def test_the_picture_has_a_bar_a_peer_with_its_ratio():
    picture = ET.fromstring(results.picture([measured()]))
    texts = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"toy", "2.00"} <= set(texts)
    assert "prefers-color-scheme: dark" in results.picture([measured()])
    assert [text for text in texts if text.startswith("faster")] == ["faster than Keras on JAX"]
    width = float(picture.attrib["viewBox"].split()[2])
    for each in picture.iter():
        assert float(each.attrib.get("x", 0)) < width


@pytest.mark.parametrize("name", workloads.found())
def test_every_workload_says_where_it_is_from_and_what_its_floor_is(name):
    text = workloads.found()[name]
    assert "\n\nSource: " in text
    assert "\n\nFloor: " in text


def test_every_workload_is_listed(capsys):
    assert command.main(["--list"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    folder = TESTS.parent / "benchmarks" / "workloads"
    assert listed == sorted({file.stem for file in folder.glob("*.py")} - {"__init__"})
    page = (TESTS.parent / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"^## What is measured\n(.*?)^## ", page, re.MULTILINE | re.DOTALL)
    assert sorted(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == listed


def test_an_unknown_workload_is_wrong_use(capsys):
    with pytest.raises(SystemExit) as end:
        command.main(["nothing"])
    assert end.value.code == 2
    assert "no workload is called nothing" in capsys.readouterr().err


def run(monkeypatch, tmp_path, arguments: list[str], loss: float = 1.0) -> int:
    """The command, with what its processes would print."""
    machine = {"facts": dict(FACTS), "rates": dataclasses.asdict(RATES)}
    answers = {"benchmarks.machine": json.dumps(machine)}
    (tmp_path / "benchmarks").mkdir()
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(
        command, "python", lambda module, *_: answers.get(module, harness.write(measured(loss)))
    )
    return command.main(arguments)


def test_all_workloads_are_written_down_one_is_printed(monkeypatch, tmp_path, capsys):
    assert run(monkeypatch, tmp_path, []) == 0
    page = (tmp_path / "benchmarks" / "RESULTS.md").read_text()
    assert page.count("| toy, epoch |") == len(workloads.found())
    ET.parse(tmp_path / "benchmarks" / "results.svg")


def test_one_workload_is_printed_only(monkeypatch, tmp_path, capsys):
    assert run(monkeypatch, tmp_path, ["mnist", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["workloads"]
    assert (found["ratios"], found["floor_seconds"]) == ({"keras": 2.0}, 0.5)
    assert not list((tmp_path / "benchmarks").iterdir())


def test_losses_that_differ_are_a_failure(monkeypatch, tmp_path, capsys):
    assert run(monkeypatch, tmp_path, ["mnist"], loss=2.0) == 1
    assert "must not be compared" in capsys.readouterr().out
