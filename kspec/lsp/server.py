"""The server itself, over pygls: `kspec lsp` speaks the protocol on stdin and stdout."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Final

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from kspec import reference
from kspec.diagnostics import Diagnostic, Source, Span, SpecError
from kspec.diagnostics.formats import as_record
from kspec.lsp.analysis import Analysis
from kspec.lsp.completion import Item, complete
from kspec.registry import PACKAGES, lookup
from kspec.syntax.format import format_text

_KINDS: Final = {
    "keyword": lsp.CompletionItemKind.Keyword,
    "argument": lsp.CompletionItemKind.Property,
    "type": lsp.CompletionItemKind.TypeParameter,
    "layer": lsp.CompletionItemKind.Class,
    "block": lsp.CompletionItemKind.Class,
    "model": lsp.CompletionItemKind.Class,
    "param": lsp.CompletionItemKind.Constant,
    "parameter": lsp.CompletionItemKind.Constant,
    "input": lsp.CompletionItemKind.Variable,
    "name": lsp.CompletionItemKind.Variable,
}


class Documents:
    """The open texts, each analysed once a version."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._known: dict[str, Analysis] = {}

    def get(self, uri: str) -> Analysis:
        """The analysis of a text as it is now."""
        text = self._server.workspace.get_text_document(uri).source
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        known = self._known.get(uri)
        if known is None or known.source.text != text:
            path = to_fs_path(uri)
            name = Path(path).name if path else uri
            known = Analysis(Source(name, text), Path(path).parent if path else None)
            self._known[uri] = known
        return known

    def close(self, uri: str) -> None:
        """Forget a text."""
        self._known.pop(uri, None)


def offset_of(text: str, position: lsp.Position) -> int:
    """The character at a position, which counts UTF-16 units as the protocol does."""
    lines = text.split("\n")
    line = min(position.line, len(lines) - 1)
    units = 0
    column = 0
    for char in lines[line]:
        if units >= position.character:
            break
        units += 2 if ord(char) > 0xFFFF else 1
        column += 1
    return sum(len(each) + 1 for each in lines[:line]) + column


def position_of(source: Source, offset: int) -> lsp.Position:
    """The position of a character."""
    line, column = source.position(offset)
    before = source.lines[line - 1][: column - 1]
    return lsp.Position(line - 1, len(before.encode("utf-16-le")) // 2)


def range_of(span: Span) -> lsp.Range:
    """The range of a span."""
    source = span.source
    return lsp.Range(
        position_of(source, span.start), position_of(source, max(span.start, span.end))
    )


def make_server() -> LanguageServer:
    """The server with all that it answers."""
    server = LanguageServer("kspec", metadata.version("kspec"))
    documents = Documents(server)
    _publish(server, documents)
    _answer_about_names(server, documents)
    _answer_about_text(server, documents)
    return server


def _publish(server: LanguageServer, documents: Documents) -> None:
    """Diagnostics as the text changes."""

    def publish(uri: str) -> None:
        analysis = documents.get(uri)
        found = [as_diagnostic(d, analysis.source, uri) for d in analysis.diagnostics]
        params = lsp.PublishDiagnosticsParams(uri=uri, diagnostics=found)
        server.text_document_publish_diagnostics(params)

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        publish(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        publish(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        documents.close(params.text_document.uri)  # what it imports may have changed
        publish(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        documents.close(params.text_document.uri)
        empty = lsp.PublishDiagnosticsParams(uri=params.text_document.uri, diagnostics=[])
        server.text_document_publish_diagnostics(empty)


def as_diagnostic(d: Diagnostic, source: Source, uri: str) -> lsp.Diagnostic:
    """A mistake as editors show it; one in an imported file stands at the import."""
    record = as_record(d)
    places = [d.span, *(label.span for label in d.labels)]
    span = next((each for each in places if each and each.source == source), Span(source, 0, 0))
    where = ""
    if d.span and d.span.source != source:
        where = f"{d.span.source.name}:{d.span.line}:{d.span.column}: "
    texts = [record["message"], record["label"], record["note"], record["help"]]
    words = lsp.DiagnosticSeverity
    return lsp.Diagnostic(
        range=range_of(span),
        severity=words.Error if d.severity == "error" else words.Warning,
        code=d.code,
        source="kspec",
        message=where + "\n".join(text for text in texts if text),
        related_information=[
            lsp.DiagnosticRelatedInformation(lsp.Location(uri, range_of(each.span)), each.text)
            for each in d.labels
            if each.span.source == source
        ],
    )


def _answer_about_names(server: LanguageServer, documents: Documents) -> None:
    """Hover, definition, references, rename."""

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        analysis = documents.get(params.text_document.uri)
        text = describe(analysis, offset_of(analysis.source.text, params.position))
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text)) if text else None

    def places(uri: str, position: lsp.Position) -> list[Span]:
        analysis = documents.get(uri)
        symbol = analysis.symbol(offset_of(analysis.source.text, position))
        return symbol.places if symbol else []

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(params: lsp.DefinitionParams) -> lsp.Location | None:
        uri = params.text_document.uri
        analysis = documents.get(uri)
        offset = offset_of(analysis.source.text, params.position)
        symbol = analysis.symbol(offset)
        if symbol is None:
            return None
        line = analysis.source.position(offset)[0]
        before = [span for span in symbol.bound if span.line < line]  # `x = x -> ...`
        return lsp.Location(uri, range_of(before[-1] if before else symbol.bound[0]))

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        uri = params.text_document.uri
        return [lsp.Location(uri, range_of(span)) for span in places(uri, params.position)]

    @server.feature(lsp.TEXT_DOCUMENT_RENAME)
    def rename(params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        uri = params.text_document.uri
        analysis = documents.get(uri)
        symbol = analysis.symbol(offset_of(analysis.source.text, params.position))
        if symbol is None or symbol.kind == "extern":  # whose name is in another file, too
            return None
        spans = symbol.places
        if not params.new_name.isidentifier():
            return None
        edits = [lsp.TextEdit(range_of(span), params.new_name) for span in spans]
        return lsp.WorkspaceEdit(changes={uri: edits})


def describe(analysis: Analysis, offset: int) -> str:
    """What stands at a place, in Markdown: its kind and type, or its documentation."""
    symbol = analysis.symbol(offset)
    if symbol is not None:
        lines = [f"{symbol.kind} {symbol.signature or symbol.name}"]
        types = analysis.type_of(symbol)
        return _code([*lines, *(f"{symbol.name} : {each}" for each in types)])
    word = _word_at(analysis.source.text, offset)
    pages = [reference.page(cls) for kind in PACKAGES if (cls := lookup(kind, word))]
    text, types = analysis.types(offset)
    shown = _code([f"{text} : {each}" for each in types]) if types else ""
    return "\n\n".join([*([shown] if shown else []), *(_code([page]) for page in pages[:1])])


def _code(lines: Iterable[str]) -> str:
    return "\n".join(["```", *lines, "```"])


def _word_at(text: str, offset: int) -> str:
    start = end = offset
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return text[start:end]


def _answer_about_text(server: LanguageServer, documents: Documents) -> None:
    """Completion and formatting."""

    @server.feature(
        lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=["(", ",", ">"])
    )
    def completion(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        analysis = documents.get(params.text_document.uri)
        text = analysis.source.text
        offset = offset_of(text, params.position)
        symbols = analysis.symbols or _without_line(analysis, offset).symbols
        visible = symbols.visible(offset) if symbols else []
        return [_as_completion(item) for item in complete(text, offset, visible)]

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def formatting(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        source = documents.get(params.text_document.uri).source
        try:
            formatted = format_text(source.text, source.name)
        except SpecError:
            return None  # the diagnostics say why
        whole = lsp.Range(lsp.Position(0, 0), position_of(source, len(source.text)))
        return [] if formatted == source.text else [lsp.TextEdit(whole, formatted)]


def _without_line(analysis: Analysis, offset: int) -> Analysis:
    """The same text with the line that is being typed blanked out, so that it may parse."""
    text = analysis.source.text
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    blank = text[:start] + " " * (end - start) + text[end:]
    return Analysis(Source(analysis.source.name, blank), analysis.folder)


def _as_completion(item: Item) -> lsp.CompletionItem:
    kind = _KINDS.get(item.kind, lsp.CompletionItemKind.Function)
    return lsp.CompletionItem(
        label=item.label.strip(" ="),
        kind=kind,
        detail=item.detail or None,
        documentation=item.doc or None,
        insert_text=item.label,
    )
