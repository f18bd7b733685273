"""A lab with Function Compute for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.fc import FunctionLab


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[FunctionLab]:
    """Run a lab for a test."""
    async with FunctionLab(tmp_path) as lab:
        yield lab
