"""Rendering: a version and the inputs of a case become a context.

Role lines are recognised in the source and replaced, before parsing, by markers that hold a nonce which
nobody who writes an input can know; so no input, example or document can open a message, whatever it
contains.
"""

from __future__ import annotations

import posixpath
import re
import traceback
from collections.abc import Iterator, Mapping

from jinja2 import Template, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from workbench.context.building import Builder, Building
from workbench.context.messages import Context, Origin
from workbench.context.origins import Names, Reads, Source, least_trusted
from workbench.context.pieces import OriginEnvironment
from workbench.context.sections import Partials, Section, Sections
from workbench.errors import CasesError, Place, PromptError, did_you_mean, nearest
from workbench.project.yaml import Value
from workbench.prompts.format import RESERVED, ROLES, check_turns
from workbench.prompts.template import environment
from workbench.prompts.tree import confined, partial_path
from workbench.prompts.version import Example, Version

MAX_CHARACTERS = 10_000_000
"""A rendering longer than this is stopped."""

_ROLE_LINE = re.compile(rf"^(\\?)({'|'.join(ROLES)}):$", re.MULTILINE)


class Renderer:
    """One version, compiled once and rendered for as many cases as wanted.

    ``nonce`` is text of digits that no writer of inputs can know; it does not change what is rendered.
    ``sections`` remembers what was read for an earlier version with the same nonce. Raises PromptError for a
    template that Jinja2 cannot parse.
    """

    def __init__(self, version: Version, nonce: str, sections: Sections | None = None) -> None:
        self._version = version
        self._prompt = version.prompt
        self._turns = [name for name, declared in version.prompt.inputs.items() if declared.kind == "turns"]
        self._marker = re.compile(f"\ue000{nonce}:([0-9]+)\ue001\n?")
        self._nonce = nonce
        self._main = f"/{version.prompt.path}"  # no include can name it, for it would leave the folder
        self._line = version.prompt.template_line
        self._known_places: dict[tuple[str, int], Place] = {}  # one object a line is soon sent and read
        sections = sections or Sections()
        try:
            self._sections = sections.divided(self._main, self._marked(version.prompt.template))
            partials = {
                name: sections.one(name, self._marked(source)) for name, source in version.partials.items()
            }
            read = [*self._sections, *partials.values()]
            self._names = Names(
                [section.assigned for section in read], version.prompt.inputs, environment().globals
            )
        except (TemplateSyntaxError, RecursionError) as broken:
            raise self._template_error(broken, {}) from broken
        self._wants_examples = any(section.wants_examples for section in read)
        self._environment = OriginEnvironment(Partials(partials))
        self._templates: list[Template] = []

    def render(self, inputs: Mapping[str, Value], place: Place | None = None) -> Context:
        """Return the context for these inputs; ``place`` is where the case is written, None for typed inputs.

        Raises PromptError for a template that fails or grows past 10 million characters, CasesError for
        inputs that are missing or of the wrong kind.
        """
        built = self._messages(self._values(inputs, place), {})
        if self._version.examples and not self._wants_examples:
            built = self._with_examples(built, inputs)
        messages = tuple(message.message() for message in built)
        try:
            for message in messages:
                message.content.encode()
        except UnicodeEncodeError as broken:
            raise PromptError(
                "the rendering holds half of a surrogate pair, which is no character and cannot be sent",
                place=Place(self._prompt.path),
                hint="Look for an escape such as \\ud83d in the template or in an input.",
            ) from broken

        def source_of(source: Source, written: Place) -> Place | None:
            if source[0] is Origin.INPUT and source[1] in inputs:
                return place
            return self._source_place(source, written)

        segments = tuple(message.segments(source_of) for message in built)
        return Context(messages, segments, tuple(tuple(message.written) for message in built))

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

    def _messages(self, values: Mapping[str, Value], example: Mapping[str, str]) -> list[Building]:
        """Return the messages of these values; ``example`` names those of an example, with its number."""

        def source(source: Source) -> Source:
            origin, name = source
            return (Origin.EXAMPLE, example[name]) if origin is Origin.INPUT and name in example else source

        def source_of(template: str, reads: Reads) -> Source:
            own = (Origin.TEMPLATE, "") if template == self._main else (Origin.PARTIAL, template)
            return least_trusted(map(source, {own, *self._names.sources(reads)}))

        turns = [(source((Origin.INPUT, name)), values[name]) for name in self._turns]
        builder = Builder(self._marker, turns, source_of, self._place)
        variables = {**values, "documents": dict(self._version.documents)}
        if self._wants_examples:
            listed = [{**example.inputs, "output": example.output} for example in self._version.examples]
            variables["examples"] = listed
        length = 0
        try:
            for piece in self._pieces(variables):
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

    def _pieces(self, variables: Mapping[str, Value]) -> Iterator[str]:
        """Yield what the sections of the template put out, one after the other in one context of Jinja2's."""
        self._templates = self._templates or [
            section.template(self._environment) for section in self._in_turn()
        ]
        context = self._templates[0].new_context(dict(variables))
        for _, template in zip(self._in_turn(), self._templates, strict=True):
            try:
                yield from template.root_render_func(context)
            except Exception:
                self._environment.handle_exception()  # raises it again, with the template's own lines

    def _in_turn(self) -> Iterator[Section]:
        """Yield the sections of the template, with ``_line`` the line of the file on which each begins."""
        self._line = self._prompt.template_line
        for section in self._sections:
            yield section
            self._line += section.lines

    def _place(self, template: str, line: int) -> Place:
        """Return the place of a line of a partial, or of the section that is rendered now."""
        key = (template, self._line + line - 1 if template == self._main else line)
        if key not in self._known_places:
            path = self._prompt.path if template == self._main else partial_path(template)
            self._known_places[key] = Place(path, key[1])
        return self._known_places[key]

    def _source_place(self, source: Source, written: Place) -> Place | None:
        """Return where what a source holds comes from; an input here is one with its default."""
        origin, name = source
        places = self._prompt.places
        match origin:
            case Origin.INPUT:
                return places.get(f"inputs.{name}")
            case Origin.PARTIAL:
                path = partial_path(name)
                return written if written.path == path else Place(path, 1)
            case Origin.DOCUMENT:
                relative = self._prompt.documents.get(name, "")
                document = confined(posixpath.dirname(self._prompt.path), relative, "")
                return Place(document, 1) if relative and document else places.get("documents")
            case Origin.EXAMPLE:
                if name != "examples":
                    return self._version.examples[int(name) - 1].place
                first = next(iter(self._version.examples), None)
                return first.place if first else places.get("examples")
        return None

    def _with_examples(self, built: list[Building], inputs: Mapping[str, Value]) -> list[Building]:
        users = [index for index, message in enumerate(built) if message.role == "user"]
        if not users:
            raise PromptError(
                "the examples need a user message to stand before, and there is none",
                place=self._prompt.places.get("examples", Place(self._prompt.path)),
                hint="Add a line “user:” to the template, or mention “examples” in it yourself.",
            )
        pairs: list[Building] = []
        for number, example in enumerate(self._version.examples, start=1):
            pairs += self._example_pair(str(number), example, inputs)
        last = users[-1]
        return [*built[:last], *pairs, *built[last:]]

    def _example_pair(self, number: str, example: Example, inputs: Mapping[str, Value]) -> list[Building]:
        values = self._values({**inputs, **example.inputs}, example.place)
        rendered = self._messages(values, dict.fromkeys(example.inputs, number))
        users = [message for message in rendered if message.role == "user"]
        if not users:
            raise PromptError(
                f"with example {number} the template renders no user message", place=example.place
            )
        answer = rendered[-1] if rendered[-1].role == "assistant" else Building("assistant")
        answer.append(example.output, (Origin.EXAMPLE, number), example.place)
        answer.close()
        return [users[-1], answer]

    def _template_error(self, broken: Exception, values: Mapping[str, Value]) -> PromptError:
        place, line = Place(self._prompt.path), ""
        found = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(broken.__traceback__)]
        if isinstance(broken, TemplateSyntaxError):
            found.append((broken.name or "", broken.lineno))
        for name, number in reversed(found):
            if number and (name == self._main or name in self._version.partials):
                place = self._place(name, number)
                line = self._source_line(name, place)
                break
        return PromptError(
            f"{_reason(broken)}{f' in: {line}' if line else ''}", place=place, hint=self._hint(broken, values)
        )

    def _source_line(self, template: str, place: Place) -> str:
        is_main = template == self._main
        source = self._prompt.template if is_main else self._version.partials[template]
        at = (place.line or 1) - (self._prompt.template_line if is_main else 1)
        lines = source.split("\n")
        return lines[at].strip()[:120] if at < len(lines) else ""

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
