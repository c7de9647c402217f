"""Server-sent events: the data of each event from bytes as they arrive.

Source: WHATWG HTML, section 9.2 (comments, CR, LF and CRLF, several data lines, a byte order mark). Beyond
it, a last event that lacks its blank line counts where it looks whole, because many servers end that way.
"""

from __future__ import annotations

import codecs

from workbench.models.doors import failures


class Lines:
    """Takes the bytes of one stream, cut anywhere, and gives its lines: only LF, CR and CRLF end one."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._bytes = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that this chunk completes, with their ends.

        Raises CallError for a line that does not end within ``MOST_BYTES``.
        """
        # Bytes are split before they are decoded, so a character that two chunks share stays whole, and what
        # only text takes for the end of a line, such as U+2028, ends none.
        self._waiting.append(chunk)
        self._bytes += len(chunk)
        if self._bytes > failures.MOST_BYTES:
            raise failures.too_long()
        if b"\n" not in chunk and b"\r" not in chunk:
            return []
        lines = b"".join(self._waiting).splitlines(keepends=True)
        # A line that ends in CR may be half of a CRLF, so it waits as an unfinished one does.
        self._waiting = [] if lines[-1].endswith(b"\n") else [lines.pop()]
        self._bytes = sum(map(len, self._waiting))
        return lines

    def end(self) -> list[bytes]:
        """Return the lines that the end of the stream completes."""
        waiting, self._waiting = self._waiting, []
        return b"".join(waiting).splitlines()


class EventStream:
    """Takes the bytes of one stream, cut anywhere, and gives the data of its events."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._data: list[bytes] = []
        self._bytes = 0
        self._begun = False

    def feed(self, chunk: bytes) -> list[str]:
        """Return the data of the events that this chunk completes.

        Raises UnicodeDecodeError, and CallError for an event that does not end within ``MOST_BYTES``.
        """
        return self._read(self._lines.feed(chunk))

    def end(self) -> list[str]:
        """Return the data of events that the end of the stream completes; raises UnicodeDecodeError."""
        events = self._read(self._lines.end())
        last = b"\n".join(self._data)
        if last.rstrip().endswith((b"}", b"[DONE]")):
            events.append(last.decode())
        return events

    def _read(self, lines: list[bytes]) -> list[str]:
        events: list[str] = []
        for whole in lines:
            line = whole.rstrip(b"\r\n")
            if not self._begun:
                line, self._begun = line.removeprefix(codecs.BOM_UTF8), True
            if not line:
                if self._data:
                    events.append(b"\n".join(self._data).decode())
                self._data, self._bytes = [], 0
                continue
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
                self._bytes += len(whole)
                if self._bytes > failures.MOST_BYTES:
                    raise failures.too_long()
        return events
