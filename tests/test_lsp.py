"""The language server, over its real protocol: a process, JSON-RPC on stdin and stdout."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

SPEC = """\
param wide : int = 32

data points {
  source = arrays()
  x : f32[8]
  kind : class[3]
}

block Layer(width) {
  input x : f32[D]
  output x -> dense(width, relu)
}

model Net {
  input x : f32[8]
  # \U0001d465 counts as two
  share base = Layer(wide) -> dropout(0.1)
  h = x -> base
  h = h -> dense(16)
  output scores = h -> dense(3, softmax)
}

train {
  model     = Net
  data      = points
  loss      = sparse_categorical_crossentropy(kind, scores)
  optimizer = adam(1e-3)
  freeze base
}
"""


class Client:
    """Speaks the protocol to `kspec lsp`."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kspec", "lsp"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.watchdog = threading.Timer(120, self.process.kill)
        self.watchdog.start()
        self.uri = (folder / "net.kspec").as_uri()
        self.number = 0
        self.version = 0
        self.notes: list[dict[str, Any]] = []

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while (line := self.process.stdout.readline().strip()) != b"":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        assert length, "the server ended"
        return json.loads(self.process.stdout.read(length))

    def ask(self, method: str, **params: Any) -> Any:
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while True:
            answer = self.receive()
            if answer.get("id") == self.number and "method" not in answer:
                assert "error" not in answer, answer
                return answer["result"]
            self.notes.append(answer)

    def tell(self, method: str, **params: Any) -> None:
        self.send({"method": method, "params": params})

    def open(self, text: str) -> list[dict[str, Any]]:
        """Show the server a text; the diagnostics that it publishes."""
        self.version += 1
        document = {"uri": self.uri, "version": self.version}
        if self.version == 1:
            full = {**document, "languageId": "kspec", "text": text}
            self.tell("textDocument/didOpen", textDocument=full)
        else:
            changes = [{"text": text}]
            self.tell("textDocument/didChange", textDocument=document, contentChanges=changes)
        while True:
            note = self.receive()
            if note.get("method") == "textDocument/publishDiagnostics":
                return note["params"]["diagnostics"]

    def at(self, method: str, text: str, before: str, **more: Any) -> Any:
        """Ask about the place behind some words of a text."""
        offset = text.index(before) + len(before)
        line = text.count("\n", 0, offset)
        start = text.rfind("\n", 0, offset) + 1
        column = len(text[start:offset].encode("utf-16-le")) // 2
        place = {"textDocument": {"uri": self.uri}, "position": {"line": line, "character": column}}
        return self.ask(f"textDocument/{method}", **place, **more)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Generator[Client]:
    client = Client(tmp_path_factory.mktemp("lsp"))
    told = client.ask("initialize", processId=None, rootUri=None, capabilities={})
    assert {"hoverProvider", "renameProvider", "documentFormattingProvider"} <= set(
        told["capabilities"]
    )
    client.tell("initialized")
    assert client.open(SPEC) == []
    yield client
    client.ask("shutdown")
    client.tell("exit")
    assert client.process.wait(timeout=30) == 0
    client.watchdog.cancel()
    client.process.communicate()  # closes the pipes


def test_mistakes_come_as_the_text_changes(client):
    (found,) = client.open(SPEC.replace("dense(16)", "densse(16)"))
    assert found["code"] == "E101"
    assert found["severity"] == 1
    assert found["range"]["start"] == {"line": 18, "character": 11}
    assert found["range"]["end"] == {"line": 18, "character": 17}
    assert "no layer is called `densse`" in found["message"]
    assert "there is a similar name: `dense`" in found["message"]
    (odd,) = client.open(SPEC.replace("h = h -> dense(16)", "g = h -> dense(16)"))
    assert (odd["code"], odd["severity"]) == ("W101", 2)
    (broken,) = client.open(SPEC + "model {")
    assert broken["code"] == "E001"
    assert client.open(SPEC) == []


def test_hover_shows_types_and_documentation(client):
    shown = client.at("hover", SPEC, "h = h")["contents"]["value"]
    assert shown.startswith("```\nname h\nh : f32[B,32]")
    shown = client.at("hover", SPEC, "model Net {\n  input x")["contents"]["value"]
    assert shown == "```\nfield x\nx : f32[B,8]\n```"
    shown = client.at("hover", SPEC, "h -> den")["contents"]["value"]
    assert "dense(16) : f32[B,16]" in shown
    assert "units: an integer; must be given" in shown
    shown = client.at("hover", SPEC, "optimizer = ada")["contents"]["value"]
    assert "adam(learning_rate=0.001" in shown
    assert "block Layer(width)" in client.at("hover", SPEC, "share base = Lay")["contents"]["value"]


def test_completion_knows_where_it_is(client):
    def labels(text: str, before: str) -> set[str]:
        client.open(text)
        return {item["label"] for item in client.at("completion", text, before)}

    after = SPEC.replace("h = h -> dense(16)", "h = h -> de")
    assert {"dense", "dropout", "relu", "base", "x", "h", "wide", "Layer"} <= labels(
        after, "h -> de"
    )
    inside = SPEC.replace("h -> dense(16)", "h -> dense(16, )")
    assert {"units", "activation", "kernel_initializer"} <= labels(inside, "dense(16, ")
    setting = SPEC.replace("adam(1e-3)", "")
    found = labels(setting, "optimizer = ")
    assert {"adam", "sgd", "rmsprop"} <= found
    assert "dense" not in found
    line = SPEC.replace("  freeze base\n", "  \n")
    assert {"epochs", "phase", "freeze", "stop", "checkpoint"} <= labels(line, "adam(1e-3)\n  ")
    section = SPEC.replace("freeze base", "stop {\n    pat")
    assert {"patience", "monitor"} <= labels(section, "    pat")
    assert {"model", "train", "data"} <= labels(SPEC + "\n", SPEC + "\n")
    assert "mean_squared_error" in labels(SPEC.replace("sparse_c", ""), "loss      = ")
    assert "f32" in labels(SPEC.replace("input x : f32[D]", "input x : "), "input x : ")
    client.open(SPEC)


def test_definition_and_references(client):
    found = client.at("definition", SPEC, "base = Layer(wi")
    assert found["range"]["start"] == {"line": 0, "character": 6}
    assert client.at("definition", SPEC, "output scores = h")["range"]["start"]["line"] == 18
    assert client.at("definition", SPEC, "  h = h")["range"]["start"]["line"] == 17
    places = client.at("references", SPEC, "x -> ba", context={"includeDeclaration": True})
    assert [place["range"]["start"]["line"] for place in places] == [16, 17, 27]


def test_rename_changes_every_place_and_nothing_else(client):
    def renamed(before: str, name: str) -> str:
        edits = client.at("rename", SPEC, before, newName=name)["changes"][client.uri]
        lines = SPEC.split("\n")
        for edit in sorted(edits, key=lambda e: -e["range"]["start"]["character"]):
            start, end = edit["range"]["start"], edit["range"]["end"]
            line = lines[start["line"]]
            lines[start["line"]] = line[: start["character"]] + name + line[end["character"] :]
        return "\n".join(lines)

    assert renamed("x -> bas", "trunk") == SPEC.replace("base", "trunk")
    assert renamed("param wi", "size") == SPEC.replace("wide", "size")
    assert renamed("class[3]\n}\n\nblock La", "Dense") == SPEC.replace("Layer", "Dense")
    assert renamed("(kind, sco", "logits") == SPEC.replace("scores", "logits")
    both = renamed("model Net {\n  input x", "image")
    assert client.open(both) == []
    assert "  image : f32[8]\n  kind" in both and "model Net {\n  input image : f32[8]" in both
    assert "block Layer(width) {\n  input x : f32[D]\n  output x ->" in both
    client.open(SPEC)


def test_a_function_of_python_keeps_its_name(client):
    """It is in another file, too; where it is declared can be gone to."""
    text = 'extern "ops.py:swish" : f32[D] -> f32[D]\n' + SPEC.replace(
        "-> base", "-> swish -> base"
    )
    assert client.open(text)[0]["code"] == "E501"
    assert client.at("rename", text, "x -> swi", newName="other") is None
    found = client.at("definition", text, "x -> swi")
    assert found["range"]["start"] == {"line": 0, "character": 15}
    client.open(SPEC)


def test_formatting_is_that_of_fmt(client):
    client.open(SPEC.replace("h = x -> base", "h=x->base"))
    (edit,) = client.ask(
        "textDocument/formatting",
        textDocument={"uri": client.uri},
        options={"tabSize": 2, "insertSpaces": True},
    )
    assert edit["newText"] == SPEC
    client.open(SPEC)
