"""A lab with ECS for each test."""

from collections.abc import AsyncIterator

import pytest

from lab.ecs import EcsLab


@pytest.fixture
async def lab() -> AsyncIterator[EcsLab]:
    """Run a lab for a test, with its state in memory."""
    async with EcsLab() as lab:
        yield lab
