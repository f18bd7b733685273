"""A lab with EventBridge for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.eventbridge import EventBridgeLab


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[EventBridgeLab]:
    """Run a lab for a test."""
    async with EventBridgeLab(tmp_path) as lab:
        yield lab
