"""What went wrong with a call, in the words of CallError: one mapping for every door.

Messages are one short line and never hold the key, whatever a server says about it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from workbench.errors import CallError
from workbench.models.masking import mask
from workbench.project.yaml import Value

MOST_BYTES = 20_000_000
"""Bytes of one answer that are taken, unpacked; for what arrives in a stream, of what is kept of it."""

LONGEST_MESSAGE = 300
"""Characters of a server's words that are worth keeping."""

_WINDOW_WORDS = re.compile(
    r"context[ _-](?:length|window|size)|maximum context|prompt is too long|too many (?:input )?tokens"
    r"|exceed_context|input token count|input length exceeds",
    re.IGNORECASE,
)
_QUOTA_WORDS = re.compile(r"insufficient_quota|exceeded your current quota|credit balance", re.IGNORECASE)
_BAD_KEY_WORDS = re.compile(r"api key not valid|api_key_invalid|api key expired", re.IGNORECASE)
_WAIT_WORDS = re.compile(
    r"(?:retry|try again) (?:in|after) (?:(\d+)m)?(\d+(?:\.\d+)?) ?(ms|s|sec|seconds?)\b"
    r'|"retryDelay": ?"()(\d+(?:\.\d+)?)(s)"',
    re.IGNORECASE,
)
_KEY_WORDS = re.compile(r"invalid_api_key|authentication|permission|unauthorized", re.IGNORECASE)


def short(text: str, key: str | None) -> str:
    """Return a server's words as one line of at most 300 characters, without key and control characters."""
    text = mask(text, key)
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 1]}…"


def of_status(status: int, said: str, headers: Mapping[str, str], key: str | None) -> CallError:
    """Return the failure that an HTTP status means; ``said`` is the server's message, in full."""
    kind, retriable = _kind(status, said)
    words = short(said, key)
    return CallError(
        f"HTTP {status}: {words}" if words else f"HTTP {status}",
        kind=kind,
        retriable=retriable,
        retry_after=_wait(headers, said) if retriable else None,
        hint="Check the key of this model." if kind == "authentication" else None,
    )


def of_error_object(error: Value, key: str | None) -> CallError:
    """Return the failure that an ``error`` object means which came with status 200."""
    if not isinstance(error, dict):
        error = {"message": error}
    codes = [error.get(name) for name in ("code", "status", "type")]
    said = " ".join(str(word) for word in (error.get("message"), *codes) if word)
    status = next((int(code) for code in codes if str(code).isdecimal() and 400 <= int(code) < 600), None)
    if status is None:
        status = _status_of_words(said)
    failure = of_status(status, said, {}, key)
    failure.message = short(str(error.get("message") or "the server sent an error"), key)
    return failure


def error_words(body: Value) -> str:
    """Return what an error body says: message, type and code, so that they can be judged by their words."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return str(error)
    said = error.get("message") or error.get("detail") or ""
    marks = [str(error[name]) for name in ("type", "code", "status") if isinstance(error.get(name), str)]
    return f"{said} ({', '.join(marks)})" if marks else str(said)


def connection(
    said: str, key: str | None = None, *, retriable: bool = True, hint: str | None = None
) -> CallError:
    """Return the failure of a connection that could not be made or was lost."""
    return CallError(short(said, key), kind="connection", retriable=retriable, hint=hint)


def protocol(said: str, key: str | None = None) -> CallError:
    """Return the failure of an answer that is not what the protocol says; another try may go well."""
    return CallError(short(said, key), kind="protocol", retriable=True)


def too_long() -> CallError:
    """Return the failure of an answer that has no end in sight; another try would only bring it again."""
    return CallError(
        f"the answer is longer than {MOST_BYTES // 1_000_000} MB", kind="protocol", retriable=False
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds a server asks to wait, or None where it does not say.

    Reads ``retry-after-ms`` and ``Retry-After`` (RFC 9110, section 10.2.3: seconds or a date).
    """
    names = {name.lower(): value for name, value in headers.items()}
    try:
        if "retry-after-ms" in names:
            return max(0.0, float(names["retry-after-ms"]) / 1000)
        said = names.get("retry-after")
        if said is None:
            return None
        if re.fullmatch(r"\s*\d+(?:\.\d*)?\s*", said):
            return float(said)
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def wait_in_words(said: str) -> float | None:
    """Return how many seconds a server asks to wait in its message, or None where it says nothing of it.

    “Please try again in 1m2.5s” of OpenAI, “Please retry in 7s” and ``"retryDelay": "7s"`` of Gemini, which
    sends no header.
    """
    found = _WAIT_WORDS.search(said)
    if found is None:
        return None
    minutes, amount, unit = found[1] or 0, found[2] or found[5], found[3] or found[6]
    return 60.0 * int(minutes) + float(amount) / (1000 if unit.lower() == "ms" else 1)


def _wait(headers: Mapping[str, str], said: str) -> float | None:
    wait = retry_after(headers)
    return wait_in_words(said) if wait is None else wait


def _kind(status: int, said: str) -> tuple[str, bool]:
    if status == 429:
        return "rate_limit", not _QUOTA_WORDS.search(said)
    if status >= 500:
        return "server", True
    if status == 408:
        return "timeout", True
    if status in (401, 403) or (status == 400 and _BAD_KEY_WORDS.search(said)):
        return "authentication", False
    return ("context_window" if _WINDOW_WORDS.search(said) else "request"), False


def _status_of_words(said: str) -> int:
    if "rate_limit" in said or "rate limit" in said.lower():
        return 429
    if _KEY_WORDS.search(said):
        return 401
    if _WINDOW_WORDS.search(said) or "invalid_request" in said:
        return 400
    return 500
