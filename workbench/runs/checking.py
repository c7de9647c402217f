"""Checking an answer against its schema, so that no schema can hold up the run or lose the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from workbench.models.doors.children import Child
from workbench.project.yaml import Value
from workbench.runs.outcome import validate
from workbench.runs.plan import PlannedCall
from workbench.store.records import Result

CHECK_SECONDS = 5.0
"""How long an answer may be checked."""

_CHILD = "workbench.runs.checking_child"

_EXPRESSIONS = ("pattern", "patternProperties")
"""Keywords of a schema that hold regular expressions."""


async def checked(planned: PlannedCall, result: Result) -> Result:
    """Return a result with what its call's schema says of it; where there is nothing to check, as it is."""
    call = planned.call
    if call.schema is None or result.status not in ("ok", "cut"):
        return result
    last = call.messages[-1]
    prefill = last.content if last.role == "assistant" else ""
    # Python's regular expressions hold the interpreter's lock, so in a thread one that takes for ever would
    # stop the screen and this very time limit. A process can be killed; it costs 0.2 s, which others spare.
    ways = _in_child if _has_expressions(call.schema) else _in_thread
    try:
        valid, invalid = await ways(result.text, call.schema, prefill)
    except TimeoutError:
        valid, invalid = False, "the schema took too long to check"
    return replace(result, valid=valid, invalid=invalid)


async def _in_thread(text: str, schema: Mapping[str, Value], prefill: str) -> tuple[bool, str | None]:
    # A thread cannot be killed: one that comes too late (over a huge array with “uniqueItems”, say) goes on
    # to its end, keeps a place of asyncio's pool meanwhile, and holds up the end of the program.
    async with asyncio.timeout(CHECK_SECONDS):
        return await asyncio.to_thread(validate, text, schema, prefill)


async def _in_child(text: str, schema: Mapping[str, Value], prefill: str) -> tuple[bool, str | None]:
    said = None
    try:
        child = await Child.start(_CHILD, extra={})
        try:
            if await child.receive() is not None:  # it is ready: starting it does not count
                async with asyncio.timeout(CHECK_SECONDS):
                    await child.send({"text": text, "schema": schema, "prefill": prefill})
                    said = await child.receive()
        finally:
            child.kill()
            await child.died(within=2.0)
    except TimeoutError:
        raise
    except (OSError, ValueError) as broken:
        return False, f"the schema cannot be checked: {broken}"
    if said is None:
        return False, "the schema cannot be checked: the process that does it ended"
    return bool(said["valid"]), said["invalid"]


def _has_expressions(schema: Value) -> bool:
    if isinstance(schema, Mapping):
        return any(word in schema for word in _EXPRESSIONS) or any(map(_has_expressions, schema.values()))
    return isinstance(schema, list | tuple) and any(map(_has_expressions, schema))
