"""The cost limit of a run while it runs."""

from __future__ import annotations

import asyncio


class Budget:
    """Keeps what calls under way may still cost in reserve, so that no call can take a run past its limit.

    All amounts are pico-dollars; no limit is None.
    """

    def __init__(self, limit: int | None, spent: int = 0) -> None:
        self._limit = limit
        self._spent = spent
        self._reserved = 0
        self._changed = asyncio.Condition()

    async def reserve(self, most: int | None) -> bool:
        """Set aside the most a call may cost, and return whether there was room.

        Waits while calls under way may still leave room. ``most`` is None where nothing bounds the cost:
        there is room for that only without a limit.
        """
        if self._limit is None or most is None:
            return self._limit is None
        async with self._changed:
            while self._spent + self._reserved + most > self._limit:
                if not self._reserved:
                    return False
                await self._changed.wait()
            self._reserved += most
            return True

    async def settle(self, most: int | None, cost: int) -> None:
        """Give back what was set aside for a call, and note what it did cost."""
        if self._limit is None or most is None:
            return
        async with self._changed:
            self._reserved -= most
            self._spent += cost
            self._changed.notify_all()
