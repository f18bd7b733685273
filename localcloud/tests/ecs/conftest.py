"""A lab with ECS for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.ecs import EcsLab


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[EcsLab]:
    """Run a lab for a test."""
    async with EcsLab(tmp_path) as lab:
        yield lab
