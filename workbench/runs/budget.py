"""The cost limit of a run while it runs."""

from __future__ import annotations


class Budget:
    """Keeps what calls under way may still cost in reserve, so that no call can take a run past its limit.

    All amounts are pico-dollars; no limit is None. ``most`` is None where nothing bounds the cost of a call:
    there is room for that only without a limit.
    """

    def __init__(self, limit: int | None, spent: int = 0) -> None:
        self._limit = limit
        self._spent = spent
        self._reserved = 0

    def forbids(self, most: int | None) -> bool:
        """Return whether there is no room for such a call, however little those under way will cost."""
        if self._limit is None:
            return False
        return most is None or self._spent + most > self._limit

    def reserve(self, most: int | None) -> bool:
        """Set aside the most a call may cost, and return whether there was room just now."""
        if self._limit is None:
            return True
        if most is None or self._spent + self._reserved + most > self._limit:
            return False
        self._reserved += most
        return True

    def settle(self, most: int | None, cost: int) -> None:
        """Give back what was set aside for a call, and note what it did cost."""
        if self._limit is not None and most is not None:
            self._reserved -= most
            self._spent += cost
