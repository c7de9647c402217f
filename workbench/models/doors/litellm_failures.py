"""What LiteLLM raises, in the words of CallError: by the classes of its exceptions and by what they hold."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

from workbench.errors import CallError
from workbench.models.doors import failures
from workbench.project.yaml import Value

_PREFIX = re.compile(r"^(?:(?:litellm\.)?\w*(?:Error|Exception|Timeout)(?:\s*[:-]\s*|\s+(?=\w*Error\b)))+")

_TRACEBACK = re.compile(r"\s+Traceback \(most.*", re.DOTALL)

_ODD_OBJECT = re.compile(r"Got unexpected response from Ollama: (\{.*\})|Ollama Error - (\{.*\})", re.DOTALL)
"""How LiteLLM reports an error object that Ollama sends in place of a chunk: as Python writes it."""

_KINDS = {
    "context_window": ({"ContextWindowExceededError"}, False),
    "timeout": ({"Timeout", "APITimeoutError", "TimeoutException", "TimeoutError"}, True),
}
"""Kinds of failure that the class of an exception decides, and whether another try may help."""

_UNREADABLE = {
    *("JSONDecodeError", "ValidationError", "RecursionError"),
    *("AttributeError", "KeyError", "TypeError", "IndexError"),
}
"""What is raised inside LiteLLM over an answer it does not expect; it calls that a lost connection."""

_NEVER_CONNECTED = {"ConnectError", "ClientConnectorError"}

_UNREACHABLE = _NEVER_CONNECTED | {"ReadError", "RemoteProtocolError", "ClientPayloadError"}


def described(error: Exception, key: str | None) -> dict[str, Value]:
    """Return an exception as the fields of a CallError."""
    own = next((cause for cause in _causes(error) if isinstance(cause, CallError)), None)
    failure = own or _classified(error, key)
    return {
        "message": failures.short(failure.message, key),
        "kind": failure.kind,
        "retriable": failure.retriable,
        "retry_after": failure.retry_after,
        "hint": failure.hint,
        "sent": failure.sent,
    }


def _classified(error: BaseException, key: str | None) -> CallError:
    original = getattr(error, "original_exception", None)
    if "MidStreamFallbackError" in _names(error) and isinstance(original, Exception):
        return _classified(original, key)
    raw = _PREFIX.sub("", _TRACEBACK.sub("", str(getattr(error, "message", None) or error)))
    words = _words(raw)
    for kind, (classes, retriable) in _KINDS.items():
        if _names(error) & classes:
            return CallError(failures.short(words, key), kind=kind, retriable=retriable)
    return _odd_object(raw, key) or _lost(error, words, key) or _refused(error, raw, words, key)


def _odd_object(raw: str, key: str | None) -> CallError | None:
    odd = _ODD_OBJECT.search(raw)
    if odd is None:
        return None
    sent = _literal(odd[1] or odd[2])
    return failures.of_error_object(sent.get("error", sent) if isinstance(sent, dict) else sent, key)


def _lost(error: BaseException, words: str, key: str | None) -> CallError | None:
    behind = set().union(*(_names(cause) for cause in _causes(error)))
    if behind & _UNREACHABLE:
        lost = failures.connection(words or "the connection was lost", key)
        lost.sent = not behind & _NEVER_CONNECTED
        return lost
    if behind & _UNREADABLE or "AttributeError" in words or "TypeError" in words:
        return failures.protocol(words, key)
    return None


def _refused(error: BaseException, raw: str, words: str, key: str | None) -> CallError:
    status = _status(error)
    if status is None or "APIConnectionError" in _names(error):
        return failures.connection(words or "the connection was lost", key)
    failure = failures.of_status(status, words, _headers(error), key)
    if failure.retriable and failure.retry_after is None:
        failure.retry_after = failures.wait_in_words(raw)
    return failure


def _words(raw: str) -> str:
    """Return what the body of a refusal says, where LiteLLM repeats the body whole; else its own words."""
    start = min((at for at in (raw.find("b'{"), raw.find('b"{'), raw.find("{")) if at >= 0), default=-1)
    if start < 0:
        return raw
    body = _literal(raw[start:]) if raw[start] == "b" else raw[start:]
    if not isinstance(body, str | bytes):
        return raw
    try:
        said = json.loads(body)
        return failures.error_words(said[0] if isinstance(said, list) and said else said) or raw
    except (ValueError, RecursionError):
        return raw


def _literal(text: str) -> Value:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):  # the last two where it is nested too deep
        return text


def _status(error: BaseException) -> int | None:
    """Return the HTTP status that a server sent: LiteLLM makes a 500 of some others, such as 529 and 503."""
    found = None
    for cause in _causes(error):
        status = getattr(cause, "status_code", None)
        if isinstance(status, int) and 400 <= status < 600:
            found = status
    return found


def _names(error: BaseException) -> set[str]:
    # By name, so that the exceptions of httpx and aiohttp are known as well, without importing either.
    return {kind.__name__ for kind in type(error).__mro__}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _headers(error: BaseException) -> dict[str, str]:
    response = getattr(error, "response", None)
    for headers in (getattr(error, "litellm_response_headers", None), getattr(response, "headers", None)):
        if headers and failures.retry_after(dict(headers)) is not None:
            return dict(headers)
    return {}
