"""How fast a model may be asked: what its entry allows, and what its server has let through so far."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from workbench.models.estimate import TYPICAL_TOKENS, longest_output
from workbench.models.gateway import FIRST_WAIT, LONGEST_BACKOFF, LONGEST_RETRY_AFTER
from workbench.models.model import Model
from workbench.runs.plan import PlannedCall

MINUTE = 60.0
"""Seconds in which ``rpm`` calls may be sent and ``tpm`` tokens used."""


@dataclass
class Sent:
    """One try that was sent: when, in seconds of the clock, and the tokens it uses, as far as is known."""

    at: float
    tokens: int


class Pace:
    """The pace of one model. All times are seconds of one clock, which the caller reads.

    ``window`` is how many calls its server takes at once, None as long as it has refused none: each burst of
    refusals halves it, and each window of answers adds one (additive increase, multiplicative decrease: Chiu
    and Jain, “Analysis of the increase and decrease algorithms for congestion avoidance”, 1989). A server
    that refuses even one at a time is left alone for a pause that doubles until it answers, but for no more
    than ``patience`` in all: from then on calls fail as fast as they come.
    """

    def __init__(self, model: Model, patience: float = LONGEST_RETRY_AFTER) -> None:
        self.model = model
        self._patience = self._left = patience
        self._window: float | None = None
        self._narrowed = float("-inf")
        self._pause = 0.0
        self._held = float("-inf")
        self._log: deque[Sent] = deque()
        self._tokens = 0

    @property
    def window(self) -> int | None:
        """Calls that may be under way together, or None where the server has set no bound."""
        return None if self._window is None else int(self._window)

    def tokens_of(self, planned: PlannedCall) -> int:
        """Return the tokens to set aside for a try: its input, and the output that is typical of a call.

        None are where the entry sets no limit to them.
        """
        if self.model.tpm is None:
            return 0
        read = planned.estimated or 0
        most = longest_output(planned.call.model, planned.call.params, read)
        return read + (TYPICAL_TOKENS if most is None else min(most, TYPICAL_TOKENS))

    def wait(self, tokens: int, now: float) -> float:
        """Return the seconds until a try of so many tokens may be sent: 0.0 where that is now."""
        self._forget(now)
        return max(0.0, self._held - now, self._until_call(now), self._until_tokens(tokens, now))

    def send(self, tokens: int, now: float) -> Sent:
        """Note that a try is sent, and return it, so that it can be settled."""
        sent = Sent(now, tokens)
        # Where the entry sets no bound nothing is looked up, and a long run would only gather these.
        if self.model.rpm is not None or self.model.tpm is not None:
            self._log.append(sent)
            self._tokens += tokens
        return sent

    def settle(self, sent: Sent, tokens: int, now: float) -> None:
        """Put what a try did use in place of what was set aside for it."""
        self._forget(now)
        if self._log and sent.at >= self._log[0].at:
            self._tokens += tokens - sent.tokens
        sent.tokens = tokens

    def refused(self, sent: Sent, under_way: int, retry_after: float | None, now: float) -> None:
        """Learn that the server refused a try for coming too fast, while so many were under way.

        ``retry_after`` is how long it asks to be left alone, and that holds for every call of this model.
        From a pause that is too long to be waited for nothing is learnt: each call fails by itself.
        """
        if retry_after is not None and retry_after > LONGEST_RETRY_AFTER:
            return
        if sent.at > self._narrowed:  # what was sent before the window narrowed is of the same burst
            if self._window == 1.0:  # narrower it cannot be, so slower
                self._pause = min(max(2 * self._pause, FIRST_WAIT), LONGEST_BACKOFF, self._left)
                self._left -= self._pause
                self._held = max(self._held, now + self._pause)
            self._window = max(1.0, min(self._window or under_way, under_way) / 2)
            self._narrowed = now
        if retry_after is not None:
            self._held = max(self._held, now + retry_after)

    def answered(self, most: int) -> None:
        """Learn that the server let a try through; ``most`` is how many at once anybody would make."""
        self._pause, self._left = 0.0, self._patience
        if self._window is not None:
            self._window += 1 / self._window
            if self._window >= most:
                self._window = None

    def _until_call(self, now: float) -> float:
        rpm = self.model.rpm
        if rpm is None or len(self._log) < rpm:
            return 0.0
        return self._log[-rpm].at + MINUTE - now

    def _until_tokens(self, tokens: int, now: float) -> float:
        tpm = self.model.tpm
        if tpm is None:
            return 0.0
        over = self._tokens + tokens - tpm
        until = 0.0
        # A try that is larger than the limit itself goes alone.
        for sent in self._log:
            if over <= 0:
                break
            over -= sent.tokens
            until = sent.at + MINUTE - now
        return until

    def _forget(self, now: float) -> None:
        while self._log and self._log[0].at + MINUTE <= now:
            self._tokens -= self._log.popleft().tokens


class Paces:
    """The pace of every model that was asked; one of these serves all runs of a process.

    ``patience`` is how many seconds a server is left alone, in all, that refuses one call after the other.
    """

    def __init__(self, patience: float = LONGEST_RETRY_AFTER) -> None:
        self._patience = patience
        self._paces: dict[tuple[str, str | None], Pace] = {}

    def of(self, model: Model) -> Pace:
        """Return the pace of a model, by the way it is reached, with the limits that its entry has now."""
        pace = self._paces.setdefault((model.string, model.api_base), Pace(model, self._patience))
        pace.model = model
        return pace
