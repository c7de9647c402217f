"""The format of a prompt file: YAML front matter over a Jinja2 template in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.errors import Place, PromptError
from workbench.project.switches import read_switches
from workbench.project.yaml import Fields, Value, read

RESERVED = (
    *("documents", "examples", "loop", "caller", "self", "super", "varargs", "kwargs"),
    *("true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else"),
)
"""Names that a template already gives a meaning; an input cannot take one."""

ROLES = ("system", "user", "assistant", "developer")
"""What a line of a template may name to open a message."""

KEYS = ("description", "models", "params", "inputs", "examples", "documents", "output", "findings")


@dataclass(frozen=True)
class Input:
    """A declared input. ``kind`` is ``value``, or ``turns`` for a conversation."""

    name: str
    description: str = ""
    kind: str = "value"
    required: bool = True
    default: Value = None


@dataclass(frozen=True)
class Prompt:
    """What one prompt file says.

    ``examples`` is the list itself, a file's path as written, or None. ``template_line`` is the line of the
    file on which the template begins. ``findings`` switches findings on and off by their code. ``places``
    holds the line of each front-matter key that an error may be about.
    """

    name: str
    path: str
    template: str
    template_line: int = 1
    description: str = ""
    models: tuple[str, ...] | None = None
    params: Mapping[str, Value] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    examples: tuple[Mapping[str, Value], ...] | str | None = None
    documents: Mapping[str, str] = field(default_factory=dict)
    schema: Mapping[str, Value] | None = None
    findings: Mapping[str, bool] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)


def parse(text: str, name: str, path: str) -> Prompt:
    """Return the prompt that this text says; ``text`` has LF line endings and no BOM.

    Raises PromptError with file, line and key for front matter that is not what it may be.
    """
    front, template, template_line = split(text, path)
    if front is None:
        return Prompt(name, path, template, template_line)
    document = read(front, path, error=PromptError, first_line=2)
    fields = Fields(document, PromptError)
    fields.only(KEYS, namespaced=True)
    params = fields.mapping("params")
    return Prompt(
        name=name,
        path=path,
        template=template,
        template_line=template_line,
        description=fields.text("description") or "",
        models=fields.texts("models"),
        params=params.values if params else {},
        inputs=_inputs(fields.mapping("inputs")),
        examples=_examples(fields),
        documents=_documents(fields.mapping("documents")),
        schema=_schema(fields.mapping("output")),
        findings=read_switches(fields.mapping("findings")),
        places={".".join(map(str, keys)): document.place(keys) for keys in document.lines if len(keys) <= 2},
    )


def split(text: str, path: str) -> tuple[str | None, str, int]:
    """Return the front matter, the template, and the line the template begins on.

    The front matter is None where there is none. Raises PromptError where it is never closed.
    """
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return None, text, 1
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), number + 2
    raise PromptError(
        "the front matter that opens on line 1 is never closed",
        place=Place(path, 1),
        hint="Add a line of three dashes, “---”, after its last key.",
    )


def _inputs(fields: Fields | None) -> dict[str, Input]:
    inputs: dict[str, Input] = {}
    if fields is None:
        return inputs
    for name, value in fields.values.items():
        if not name.isidentifier() or name in RESERVED:
            raise fields.error(
                f"“{name}” cannot be the name of an input",
                name,
                hint=f"Use letters, digits and “_”, and none of: {', '.join(RESERVED)}.",
            )
        declaration = fields.mapping(name) if isinstance(value, dict) else None
        if declaration is not None:
            inputs[name] = _declaration(name, declaration)
        else:
            inputs[name] = Input(name, required=value is None, default=value)
    return inputs


def _declaration(name: str, fields: Fields) -> Input:
    fields.only(("description", "default", "kind"))
    kind = fields.text("kind") or "value"
    if kind not in ("value", "turns"):
        raise fields.error(f"“kind” must be “value” or “turns”, not “{kind}”", "kind")
    default = fields.values.get("default")
    if kind == "turns" and default is not None:
        check_turns(default, f"the default of “{name}”", fields.place("default"), PromptError)
    return Input(name, fields.text("description") or "", kind, "default" not in fields, default)


def check_turns(value: Value, what: str, place: Place | None, error: type[PromptError] | type) -> None:
    """Raise ``error`` unless the value is a list of ``{role: user|assistant, content: text}``."""
    good = isinstance(value, list) and all(
        isinstance(turn, dict)
        and set(turn) == {"role", "content"}
        and turn["role"] in ("user", "assistant")
        and isinstance(turn["content"], str)
        for turn in value
    )
    if not good:
        raise error(
            f"{what} must be a conversation",
            place=place,
            hint="Write a list of {role: user, content: …} and {role: assistant, content: …}.",
        )


def _examples(fields: Fields) -> tuple[Mapping[str, Value], ...] | str | None:
    value = fields.values.get("examples")
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise fields.error("“examples” must be a list, or the path of a file that holds one", "examples")
    for index, example in enumerate(value):
        check_example(example, fields.place("examples", index))
    return tuple(value)


def check_example(example: Value, place: Place) -> None:
    """Raise PromptError unless the example is a mapping of inputs with an ``output``."""
    if not isinstance(example, dict) or example.get("output") is None:
        raise PromptError(
            "an example must be a mapping of inputs with an “output”",
            place=place,
            hint="For example: {ticket: Card declined twice, output: billing}",
        )


def _documents(fields: Fields | None) -> dict[str, str]:
    documents: dict[str, str] = {}
    if fields is None:
        return documents
    for name in fields:
        path = fields.text(name)
        if not path or not name.isidentifier():
            raise fields.error(
                f"the document “{name}” must have a plain name and a path", name, hint="name: ../docs/file.md"
            )
        documents[name] = path
    return documents


def _schema(fields: Fields | None) -> Mapping[str, Value] | None:
    if fields is None:
        return None
    fields.only(("schema",))
    schema = fields.mapping("schema")
    if schema is None:
        return None
    # 60 ms to import, and only prompts with a schema need it.
    import jsonschema

    try:
        jsonschema.validators.validator_for(schema.values).check_schema(schema.values)
    except jsonschema.SchemaError as broken:
        raise fields.error(
            f"this is not a JSON schema: {broken.message} at {broken.json_path}", "schema"
        ) from broken
    return schema.values
