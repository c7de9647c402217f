"""Copy as: a context as text, as JSON messages, as a line for curl, as a script in Python.

A key never appears in any of them, only the name of the variable that holds it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping

from workbench.bench.comparing import as_text
from workbench.bench.inert import inert_json
from workbench.bench.plain_http import (
    LLAMA_SERVER,
    LLAMA_SERVER_DEFAULT,
    PlainRequest,
    openai_body,
    plain_request,
)
from workbench.context.messages import Context, Message
from workbench.errors import CallError, UsageError, did_you_mean
from workbench.models.access import key_variable
from workbench.models.calls import Call
from workbench.models.doors.direct import OPENAI
from workbench.models.doors.litellm_child import arguments
from workbench.models.doors.through_litellm import question
from workbench.models.fit import OPENAI_PARAMS
from workbench.models.model import Model
from workbench.project.yaml import Value

FORMATS = {
    "text": "the messages as a person reads them",
    "messages": "a JSON list of {role, content}",
    "curl": "a command for the shell, with the key as a variable",
    "python": "a script, with the key from the environment",
}
"""What a context can be copied as, and a line on each."""

LONGEST_ARGUMENT = 100_000
"""Bytes of a body that is still an argument; Linux takes 131,072 in one (MAX_ARG_STRLEN in execve(2))."""

NO_KEY = '"none"'
"""What stands for a key in a script where none is needed, but the library asks for one."""

_SDK_PARAMS = OPENAI_PARAMS | {"model", "messages", "response_format"}
"""What ``create`` of the openai package takes by name; the rest goes into its ``extra_body``."""


def copied(
    form: str,
    context: Context,
    model: Model,
    params: Mapping[str, Value],
    schema: Mapping[str, Value] | None,
) -> str:
    """Return a context in one of ``FORMATS``, ending with a newline.

    The text is all that the model reads; the others hold what is sent, without what its engine inserts.
    Raises UsageError for another format, and where the model's provider has no form of it.
    """
    if form == "text":
        return as_text(context)
    call = Call(model, _sent(context), params, schema, stream=False)
    if form == "messages":
        return _json([{"role": message.role, "content": message.content} for message in call.messages]) + "\n"
    if form == "curl":
        return _curl(plain_request(call))
    if form == "python":
        return _with_openai(call) if model.local or model.door == "direct" else _with_litellm(call)
    raise UsageError(f"“{form}” is no format", hint=did_you_mean(form, FORMATS))


def _sent(context: Context) -> tuple[Message, ...]:
    return tuple(message for at, message in enumerate(context.messages) if not context.inserted(at))


def _json(value: Value) -> str:
    """Return indented JSON in which nothing acts on a terminal; its value is the same."""
    return inert_json(json.dumps(value, ensure_ascii=False, indent=2))


def _curl(request: PlainRequest) -> str:
    body = _json(request.body)
    lines = [f"curl {_quoted_address(request)}", *(f"-H {shlex.quote(header)}" for header in request.headers)]
    if request.variable is not None:
        lines.append(f'-H "{request.key}${request.variable}"')
    lines.append("-H 'Content-Type: application/json'")
    if len(body.encode()) <= LONGEST_ARGUMENT:
        return " \\\n  ".join([*lines, f"-d {shlex.quote(body)}"]) + "\n"
    # A quoted here-document takes any length, and JSON has no line that is only a word.
    return " \\\n  ".join([*lines, f"--data-binary @- <<'BODY'\n{body}\nBODY"]) + "\n"


def _quoted_address(request: PlainRequest) -> str:
    if request.address is None:
        return f'"${{{LLAMA_SERVER}:-{LLAMA_SERVER_DEFAULT}}}{request.path}"'
    return shlex.quote(f"{request.address}{request.path}")


def _with_openai(call: Call) -> str:
    """Return a script that asks an address in OpenAI's protocol, with the openai package."""
    key = _key(call.model)
    if call.model.local:
        address = f'os.environ.get("{LLAMA_SERVER}", "{LLAMA_SERVER_DEFAULT}") + "/v1"'
    else:
        address = _literal(call.model.api_base or OPENAI)
    body = openai_body(call)
    asked = {name: value for name, value in body.items() if name in _SDK_PARAMS}
    if len(asked) < len(body):
        asked["extra_body"] = {name: value for name, value in body.items() if name not in _SDK_PARAMS}
    return _script(
        *(["import os", ""] if key or call.model.local else []),
        "from openai import OpenAI",
        "",
        f"client = OpenAI(base_url={address}, api_key={key or NO_KEY})",
        "answer = client.chat.completions.create(",
        *_keywords(asked),
    )


def _with_litellm(call: Call) -> str:
    """Return a script that asks through LiteLLM, with the arguments that its door gives it."""
    try:
        given = arguments(question(call, None))
    except CallError as refused:
        raise UsageError(refused.message, hint="Remove it from the params.") from refused
    for own_affair in ("stream", "num_retries", "max_retries", "timeout", "api_key"):
        given.pop(own_affair, None)
    first = [name for name in ("model", "api_base", "messages") if name in given]
    key = _key(call.model)
    passed = key or (NO_KEY if call.model.api_base else None)
    return _script(
        *(["import os", ""] if key else []),
        "from litellm import completion",
        "",
        "answer = completion(",
        *_keywords({name: given[name] for name in dict.fromkeys([*first, *given])}),
        *([f"    api_key={passed},"] if passed else []),
    )


def _script(*lines: str) -> str:
    return "\n".join([*lines, ")", "print(answer.choices[0].message.content)"]) + "\n"


def _key(model: Model) -> str | None:
    variable = key_variable(model)
    return None if variable is None else f"os.environ[{_literal(variable)}]"


def _keywords(asked: Mapping[str, Value]) -> Iterator[str]:
    for name, value in asked.items():
        yield f"    {name}={_literal(value, '    ')},"


def _literal(value: Value, indent: str = "") -> str:
    """Return a value of JSON as Python writes it, a text of several lines as one string a line."""
    deeper = f"{indent}    "
    if isinstance(value, Mapping):
        rows = [f"{_literal(str(name))}: {_literal(held, deeper)}" for name, held in value.items()]
        return _listed("{", rows, "}", indent)
    if isinstance(value, list | tuple):
        return _listed("[", [_literal(held, deeper) for held in value], "]", indent)
    if isinstance(value, str):
        lines = value.splitlines(keepends=True)
        if len(lines) > 1:
            return "\n".join(["(", *(f"{deeper}{_text(line)}" for line in lines), f"{indent})"])
        return _text(value)
    return repr(value)


def _listed(opening: str, rows: list[str], closing: str, indent: str) -> str:
    if not rows:
        return opening + closing
    return "\n".join([opening, *(f"{indent}    {row}," for row in rows), f"{indent}{closing}"])


def _text(text: str) -> str:
    # A string of JSON means the same in Python, once each half of a character is written as an escape.
    return inert_json(json.dumps(text, ensure_ascii=False))
