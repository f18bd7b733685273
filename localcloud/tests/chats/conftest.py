"""A lab with chats for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.chats import ChatLab


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[ChatLab]:
    """Run a lab for a test."""
    async with ChatLab(tmp_path) as lab:
        yield lab
