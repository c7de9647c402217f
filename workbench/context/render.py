"""Rendering: a version and the inputs of a case become a context.

Role lines are recognised in the source and replaced, before parsing, by markers that hold a nonce which
nobody who writes an input can know; so no input, example or document can open a message, whatever it
contains.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from jinja2 import FunctionLoader, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import SecurityError

from workbench.context.messages import Context, Message, Origin, Segment, wire_json
from workbench.context.origins import Names, OriginEnvironment, Piece, Source, Tag, least_trusted
from workbench.errors import CasesError, Place, PromptError, did_you_mean, nearest
from workbench.project.yaml import Value
from workbench.prompts.format import RESERVED, check_turns
from workbench.prompts.template import environment
from workbench.prompts.tree import PROMPTS
from workbench.prompts.version import Example, Version

ROLES = ("system", "user", "assistant", "developer")

MAX_CHARACTERS = 10_000_000
"""A rendering longer than this is stopped."""

_ROLE_LINE = re.compile(rf"^(\\?)({'|'.join(ROLES)}):$", re.MULTILINE)


class Renderer:
    """One version, compiled once and rendered for as many cases as wanted.

    ``nonce`` is text of digits that no writer of inputs can know; it does not change what is rendered. Raises
    PromptError for a template that Jinja2 cannot parse.
    """

    def __init__(self, version: Version, nonce: str) -> None:
        self._version = version
        self._prompt = version.prompt
        self._turns = [name for name, declared in version.prompt.inputs.items() if declared.kind == "turns"]
        self._marker = re.compile(f"\ue000{nonce}:([0-9]+)\ue001\n?")
        self._nonce = nonce
        main = version.prompt.path
        self._places = {name: (f"{PROMPTS}/{name}", 1) for name in version.partials}
        self._places[main] = (main, version.prompt.template_line)
        sources = {main: version.prompt.template, **version.partials}
        sources = {name: self._marked(source) for name, source in sources.items()}
        try:
            parsed = {name: environment().parse(source, name) for name, source in sources.items()}
            names = Names(parsed, version.prompt.inputs, environment().globals)
        except (TemplateSyntaxError, RecursionError) as broken:
            raise self._template_error(broken, {}) from broken
        self._wants_examples = any(
            name.name == "examples" and name.ctx == "load"
            for tree in parsed.values()
            for name in tree.find_all(nodes.Name)
        )
        loader = FunctionLoader(lambda name: (sources[name], name, lambda: True) if name in sources else None)
        self._environment = OriginEnvironment(self._places, main, names, loader)

    def render(self, inputs: Mapping[str, Value], place: Place | None = None) -> Context:
        """Return the context for these inputs; ``place`` is where the case is written, for errors.

        Raises PromptError for a template that fails or grows past 10 million characters, CasesError for
        inputs that are missing or of the wrong kind.
        """
        values = self._values(inputs, place)
        built = self._messages(values, {}, place)
        if self._version.examples and not self._wants_examples:
            built = self._with_examples(built, inputs)
        messages = tuple(Message(message.role, message.content) for message in built)
        try:
            wire_json(messages).encode()
        except UnicodeEncodeError as broken:
            raise PromptError(
                "the rendering holds half of a surrogate pair, which is no character and cannot be sent",
                place=Place(self._prompt.path),
                hint="Look for an escape such as \\ud83d in the template or in an input.",
            ) from broken
        return Context(messages, tuple(tuple(message.segments) for message in built))

    def _marked(self, source: str) -> str:
        def role(match: re.Match[str]) -> str:
            return f"{match[2]}:" if match[1] else self._mark(ROLES.index(match[2]))

        source = _ROLE_LINE.sub(role, source)
        for index, name in enumerate(self._turns, start=len(ROLES)):
            line = re.compile(rf"^[ \t]*\{{\{{[ \t]*{name}[ \t]*\}}\}}[ \t]*$", re.MULTILINE)
            source = line.sub(self._mark(index), source)
        return source

    def _mark(self, index: int) -> str:
        return f"\ue000{self._nonce}:{index}\ue001"

    def _values(self, inputs: Mapping[str, Value], place: Place | None) -> dict[str, Value]:
        declared = self._prompt.inputs
        values = {name: item.default for name, item in declared.items() if not item.required}
        for name in inputs:
            if name not in declared and (name in RESERVED or name in environment().globals):
                raise CasesError(
                    f"an input cannot be named “{name}”, which means something else in a template",
                    place=place,
                    hint="Give it another name.",
                )
        values.update(inputs)
        for name in declared:
            if name not in values:
                near = nearest(name, [given for given in inputs if given not in declared])
                hint = f"Did you mean “{name}” where “{near}” stands?" if near else None
                raise CasesError(
                    f"the input “{name}” of {self._prompt.name} has no value",
                    place=place,
                    hint=hint
                    or f"Give it in the case, with -i {name}=…, or a default in {self._prompt.path}.",
                )
        for name in self._turns:
            check_turns(values[name], f"the input “{name}”", place, CasesError)
        return values

    def _messages(
        self, values: Mapping[str, Value], example: Mapping[str, str], place: Place | None
    ) -> list[_Building]:
        builder = _Builder(self._marker, self._turns, values, example)
        listed = [{**example.inputs, "output": example.output} for example in self._version.examples]
        variables = {**values, "documents": dict(self._version.documents)}
        if self._wants_examples:
            variables["examples"] = listed
        length = 0
        try:
            for piece in self._environment.get_template(self._prompt.path).generate(variables):
                length += len(piece)
                if length > MAX_CHARACTERS:
                    raise PromptError(
                        f"the rendering grew past {MAX_CHARACTERS:,} characters and was stopped",
                        place=Place(self._prompt.path),
                        hint="Look for a loop over too much, or an input repeated many times.",
                    )
                builder.add(piece)
        except PromptError:
            raise
        except Exception as broken:  # a template's expression can raise anything at all
            raise self._template_error(broken, values) from broken
        return builder.finished()

    def _with_examples(self, built: list[_Building], inputs: Mapping[str, Value]) -> list[_Building]:
        users = [index for index, message in enumerate(built) if message.role == "user"]
        if not users:
            raise PromptError(
                "the examples need a user message to stand before, and there is none",
                place=self._prompt.places.get("examples", Place(self._prompt.path)),
                hint="Add a line “user:” to the template, or mention “examples” in it yourself.",
            )
        pairs: list[_Building] = []
        for number, example in enumerate(self._version.examples, start=1):
            pairs += self._example_pair(str(number), example, inputs)
        last = users[-1]
        return [*built[:last], *pairs, *built[last:]]

    def _example_pair(self, number: str, example: Example, inputs: Mapping[str, Value]) -> list[_Building]:
        values = self._values({**inputs, **example.inputs}, example.place)
        rendered = self._messages(values, dict.fromkeys(example.inputs, number), example.place)
        users = [message for message in rendered if message.role == "user"]
        if not users:
            raise PromptError(
                f"with example {number} the template renders no user message", place=example.place
            )
        answer = rendered[-1] if rendered[-1].role == "assistant" else _Building("assistant")
        answer.append(example.output, (Origin.EXAMPLE, number), example.place)
        answer.close()
        return [users[-1], answer]

    def _template_error(self, broken: Exception, values: Mapping[str, Value]) -> PromptError:
        place, line = Place(self._prompt.path), ""
        found = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(broken.__traceback__)]
        if isinstance(broken, TemplateSyntaxError):
            found.append((broken.name or "", broken.lineno))
        for name, number in reversed(found):
            if name in self._places and number:
                path, first_line = self._places[name]
                place = Place(path, number + first_line - 1)
                line = self._source_line(name, number)
                break
        return PromptError(
            f"{_reason(broken)}{f' in: {line}' if line else ''}", place=place, hint=self._hint(broken, values)
        )

    def _source_line(self, template: str, line: int) -> str:
        source = self._prompt.template if template == self._prompt.path else self._version.partials[template]
        lines = source.split("\n")
        return lines[line - 1].strip()[:120] if line <= len(lines) else ""

    def _hint(self, broken: Exception, values: Mapping[str, Value]) -> str | None:
        if not isinstance(broken, UndefinedError):
            return None
        unknown = re.match(r"'(\w+)' is undefined", str(broken))
        return did_you_mean(unknown[1], [*values, "documents"]) if unknown else None


def _reason(broken: Exception) -> str:
    if isinstance(broken, SecurityError):
        return f"the sandbox forbids this: {broken}"
    if isinstance(broken, TemplateError):
        return str(broken.message or broken)
    if isinstance(broken, RecursionError):
        return "the template includes or calls itself without end"
    if isinstance(broken, MemoryError):
        return "the rendering needs too much memory"
    return f"this fails: {broken} ({type(broken).__name__})"


def unused_inputs(version: Version, inputs: Iterable[str]) -> tuple[str, ...]:
    """Return the inputs of a case that this version neither declares nor mentions."""
    sources = [version.prompt.template, *version.partials.values()]
    mentioned = {name.name for source in sources for name in environment().parse(source).find_all(nodes.Name)}
    return tuple(name for name in inputs if name not in version.prompt.inputs and name not in mentioned)


@dataclass
class _Building:
    """A message while it grows. One that no role line opened is ``implicit``."""

    role: str
    implicit: bool = False
    parts: list[str] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    length: int = 0

    def append(self, text: str, source: Source, place: Place | None) -> None:
        if not text:
            return
        start, self.length = self.length, self.length + len(text)
        self.parts.append(text)
        origin, name = source
        last = self.segments[-1] if self.segments else None
        if last and (last.origin, last.name) == source:
            self.segments[-1] = Segment(origin, name, last.start, self.length, last.place)
        else:
            self.segments.append(Segment(origin, name, start, self.length, place))

    @property
    def content(self) -> str:
        """The text so far."""
        return "".join(self.parts)

    def close(self) -> None:
        """Drop the newlines at the end, and the segments that were nothing else."""
        content = self.content.rstrip("\r\n")
        end = len(content)
        self.parts, self.length = [content], end
        kept = [segment for segment in self.segments if segment.start < end]
        if kept and kept[-1].end > end:
            last = kept[-1]
            kept[-1] = Segment(last.origin, last.name, last.start, end, last.place)
        self.segments = kept


class _Builder:
    """Turns pieces of output into messages."""

    def __init__(
        self,
        marker: re.Pattern[str],
        turns: list[str],
        values: Mapping[str, Value],
        example: Mapping[str, str],
    ) -> None:
        self._marker = marker
        self._turns = turns
        self._values = values
        self._example = example
        self._messages: list[_Building] = []
        self._current = _Building("user", implicit=True)
        self._tag: Tag | None = None
        self._sources: dict[int, Source] = {}

    def add(self, piece: str) -> None:
        """Take the next piece; one without a tag of its own belongs to the tag before it."""
        if isinstance(piece, Piece):
            self._tag = piece.tag
        texts = self._marker.split(str(piece))
        self._text(texts[0])
        for index, text in zip(texts[1::2], texts[2::2], strict=True):
            self._open(int(index))
            self._text(text)

    def finished(self) -> list[_Building]:
        """Return the messages, at least one."""
        self._close()
        return self._messages or [self._current]

    def _text(self, text: str) -> None:
        if text:
            assert self._tag is not None  # whatever yields text of its own has an empty piece before it
            self._current.append(text, self._source(self._tag), self._tag.place)

    def _open(self, index: int) -> None:
        self._close()
        if index < len(ROLES):
            self._current = _Building(ROLES[index])
            return
        name = self._turns[index - len(ROLES)]
        for turn in self._values[name]:
            message = _Building(turn["role"])
            source = (Origin.EXAMPLE, self._example[name]) if name in self._example else (Origin.INPUT, name)
            message.append(turn["content"], source, self._tag.place if self._tag else None)
            self._messages.append(message)
        self._current = _Building("user", implicit=True)

    def _close(self) -> None:
        self._current.close()
        if not self._current.implicit or self._current.content.strip():
            self._messages.append(self._current)

    def _source(self, tag: Tag) -> Source:
        known = self._sources.get(id(tag))
        if known is None:
            known = self._sources[id(tag)] = least_trusted(
                (Origin.EXAMPLE, self._example[name])
                if origin is Origin.INPUT and name in self._example
                else (origin, name)
                for origin, name in tag.sources
            )
        return known
