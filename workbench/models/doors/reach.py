"""Is anybody there: whether a server accepts connections."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit


async def reachable(address: str, timeout: float = 2.0) -> bool:
    """Return whether something accepts a connection at this address within so many seconds."""
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
