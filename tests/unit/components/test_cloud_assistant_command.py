"""The command that holds a script."""

import base64
import hashlib

from components.cloud_assistant_command import CloudAssistantCommand
from tests.unit.fake_engine import FakeEngine

SCRIPT = "#!/usr/bin/env bash\necho '{{emp_id}}' 'ä'\n"


def command(script: str = SCRIPT) -> CloudAssistantCommand:
    """Make a command."""
    return CloudAssistantCommand(
        "provision",
        {
            "name_prefix": "loop-provision-",
            "script": script,
            "description": "d",
            "timeout_seconds": 300,
            "working_directory": "/root",
        },
    )


def test_the_script_travels_as_base64_with_parameters(engine: FakeEngine) -> None:
    """Cloud Assistant gets the script itself, told to fill in parameters, with its time limit."""
    engine.run(command)
    made = engine.one("Command").inputs
    assert base64.b64decode(made["commandContent"]).decode() == SCRIPT
    assert (
        made["type"],
        made["enableParameter"],
        made["timeout"],
        made["workingDir"],
    ) == ("RunShellScript", True, 300, "/root")


def test_the_name_is_the_prefix_and_the_beginning_of_the_hash(engine: FakeEngine) -> None:
    """So that a changed script is another name, and the new command exists before the old goes."""
    found = engine.run(lambda: {"name": command().command_name, "hash": command().script_sha256})
    digest = hashlib.sha256(SCRIPT.encode()).hexdigest()
    assert found["name"][0] == f"loop-provision-{digest[:12]}"
    assert digest == found["hash"][0]


def test_another_script_is_another_name(engine: FakeEngine) -> None:
    """One changed character changes the name."""
    found = engine.run(lambda: {"a": command().command_name, "b": command("other").command_name})
    assert found["a"][0] != found["b"][0]


def test_the_id_comes_from_the_cloud(engine: FakeEngine) -> None:
    """What InvokeCommand takes is the id that the cloud gave, and the command is a child."""
    found = engine.run(lambda: {"id": command().command_id})
    assert found["id"][0].startswith("c-loop-provision-")
    urn = engine.one("Command").urn
    assert "provisioning:index:CloudAssistantCommand$alicloud:ecs/command:Command" in urn


def test_the_engine_never_deletes_one(engine: FakeEngine) -> None:
    """It may be running, and then its deletion would end the update with an error."""
    engine.run(command)
    assert engine.one("Command").retained
    assert engine.one("Command").replaced_by_delete_first is False
