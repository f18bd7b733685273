"""The simulation's model of a host says what the real scripts do."""

from pathlib import Path
from random import Random

import pytest

from functions.request.fields import PROVISION
from scripts.provision.catalogue import Catalogue
from scripts.provision.render import Action
from tests.simulation.host import Host as Model
from tests.unit.provision.host import Host

SEQUENCES = 10
ACTIONS: tuple[Action, ...] = ("provision", "provision", "deprovision")
NOON = 1_764_158_400_000
CATALOGUE = Catalogue.model_validate(
    {"roles": {"dba": {"groups": ["dba"]}, "devops": {"groups": ["deploy"], "packages": ["git"]}}}
)


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_the_model_is_the_script(tmp_path: Path, seed: int) -> None:
    """Words with random moments, in any order, some of which fail for a missing package."""
    chance = Random(seed)
    host, model = Host(tmp_path), Model()
    for _ in range(6):
        action = chance.choice(ACTIONS)
        role = chance.choice(("dba", "devops"))
        moment = NOON + chance.randint(0, 3)
        breaks = action == PROVISION and role == "devops" and chance.random() < 0.3
        host.tell("unavailable", *(["git"] if breaks else []))
        if breaks:
            (host.standins / "packages").unlink(missing_ok=True)
        run = host.run(CATALOGUE, "E1", role, action, moment=str(moment))
        code = model.run(action, "E1", role, moment, breaks=breaks and run.code != 0)
        assert run.code == code, run.stderr
        account = model.accounts["E1"]
        assert host.groups_of("emp-e1") & {"dba", "deploy"} == (
            {"dba": {"dba"}, "devops": {"deploy"}}.get(account.role, set())
        )
