"""``localcloud deploy``: the requests that a stack's resources become."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.recording_cloud import KEY, RecordingCloud, Seen
from localcloud.commandline.errors import UserError
from localcloud.deploy import DeployError, run
from localcloud.deploy.client import Client, RefusedError


@pytest.fixture
def cloud() -> Iterator[RecordingCloud]:
    """Return a cloud that has seen nothing."""
    cloud = RecordingCloud()
    yield cloud
    cloud.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project whose program a test writes."""
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\nmain: program/\nruntime: python\n")
    (tmp_path / "Pulumi.local.yaml").write_text("config: {tiny:a: [1], tiny:b: text}\n")
    (tmp_path / "program").mkdir()
    return tmp_path


def apply(cloud: RecordingCloud, **more: Any) -> dict[str, Any]:
    """Deploy with the cloud's key."""
    return run(cloud.endpoint, access_key_id=KEY.id, access_key_secret=KEY.secret, **more)


def write(project: Path, *lines: str) -> None:
    """Write the program of a project."""
    text = "\n".join(["import pulumi", "import pulumi_alicloud as alicloud", *lines])
    (project / "program" / "__main__.py").write_text(text)


def test_a_refusal_names_the_resource_and_the_request(cloud: RecordingCloud, project: Path) -> None:
    """What the cloud refused is said with its code, and the deployment fails."""

    def refuse(seen: Seen) -> tuple[int, dict[str, Any]] | None:
        if seen.name == "CreateQueue":
            return 400, {"Code": "QuotaExceeded", "Message": "too many queues"}
        return None

    write(project, "alicloud.message.ServiceQueue('letters', queue_name='letters')")
    cloud.fail = refuse
    with pytest.raises(DeployError) as caught:
        apply(cloud, folder=project)
    assert str(caught.value) == (
        "cannot deploy 'letters' (alicloud:message/serviceQueue:ServiceQueue): "
        "CreateQueue failed with HTTP 400, QuotaExceeded: too many queues"
    )


def test_an_unknown_resource_type_is_named(cloud: RecordingCloud, project: Path) -> None:
    """A resource that is not emulated is an error, never a silent success."""
    write(project, "alicloud.oss.Bucket('pictures')")
    with pytest.raises(DeployError, match=r"'pictures'.*alicloud:oss/bucket:Bucket"):
        apply(cloud, folder=project)
    assert cloud.seen == []


def test_a_lookup_is_named(cloud: RecordingCloud, project: Path) -> None:
    """A program that asks the provider something gets an error that says what it asked."""
    write(project, "alicloud.get_account()")
    with pytest.raises(DeployError, match="lookup alicloud:index/getAccount:getAccount"):
        apply(cloud, folder=project)


def test_reserved_concurrency_is_set(cloud: RecordingCloud, project: Path) -> None:
    """What only some stacks have is sent as well."""
    write(
        project,
        "alicloud.fc.V3ConcurrencyConfig('c', function_name='f', reserved_concurrency=10)",
        "alicloud.eventbridge.ServiceLinkedRole('r', product_name='R')",
    )
    apply(cloud, folder=project)
    (seen,) = cloud.asked("PUT /2023-03-30/functions/f/concurrency")
    assert seen.said == {"reservedConcurrency": 10}
    assert cloud.asked("CreateServiceLinkedRoleForProduct", ProductName="R")


def test_triggers_and_asynchronous_calls_are_configured(
    cloud: RecordingCloud, project: Path
) -> None:
    """Both are sent as the provider sends them: a half without a destination goes as empty."""
    config = '{"cronExpression": "@every 1m", "enable": true}'
    write(
        project,
        "alicloud.fc.V3Trigger('t', function_name='f', trigger_name='minute', qualifier='LATEST',"
        f" trigger_type='timer', trigger_config='{config}')",
        "alicloud.fc.V3AsyncInvokeConfig('a', function_name='f', max_async_retry_attempts=1,"
        " destination_config={'on_failure': {'destination': 'acs:x'}})",
    )
    apply(cloud, folder=project)
    (made,) = cloud.asked("POST /2023-03-30/functions/f/triggers")
    assert made.said == {
        "triggerName": "minute",
        "triggerType": "timer",
        "triggerConfig": config,
        "qualifier": "LATEST",
    }
    (put,) = cloud.asked("PUT /2023-03-30/functions/f/async-invoke-config")
    assert put.said == {
        "functionName": "f",
        "maxAsyncRetryAttempts": 1,
        "destinationConfig": {"onFailure": {"destination": "acs:x"}, "onSuccess": {}},
    }


def test_wrong_settings_stop_before_the_first_request(cloud: RecordingCloud, project: Path) -> None:
    """The program's own message is what the user sees."""
    write(project, "raise pulumi.RunError('say what is wrong')")
    with pytest.raises(DeployError, match=r"^say what is wrong$"):
        apply(cloud, folder=project)
    assert cloud.seen == []


def test_no_cloud_says_how_to_start_one() -> None:
    """A connection that nobody takes names the endpoint and the command."""
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9 .*make cloud"):
        Client("http://127.0.0.1:9", "k", "s").rpc("2015-05-01", "GetRole", {})


def test_a_deployment_without_a_cloud_fails_in_one_sentence(project: Path) -> None:
    """The command line needs to catch only one kind of error."""
    write(project, "alicloud.log.Project('p', project_name='p')")
    with pytest.raises(UserError, match=r"^no local cloud answers at http://127\.0\.0\.1:9 "):
        run("http://127.0.0.1:9", folder=project)
    with pytest.raises(UserError, match="there is no stack 'nowhere'"):
        run("http://127.0.0.1:9", "nowhere", folder=project)


@pytest.mark.parametrize("endpoint", ["127.0.0.1:8642", "https://127.0.0.1", "http://"])
def test_an_endpoint_is_plain_http(endpoint: str) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(UserError, match="write it as in http://127"):
        Client(endpoint, "k", "s")


def test_a_wrong_key_is_refused(cloud: RecordingCloud) -> None:
    """Requests of all three styles are really signed."""
    client = Client(cloud.endpoint, KEY.id, "another secret")
    with pytest.raises(RefusedError, match="SignatureDoesNotMatch"):
        client.rpc("2015-05-01", "GetRole", {"RoleName": "r"})
    with pytest.raises(RefusedError, match="SignatureDoesNotMatch"):
        client.fc("GET", "/functions/f")
    with pytest.raises(RefusedError, match="SignatureDoesNotMatch"):
        client.sls("GET", "/", project="p")


def test_an_encrypted_value_needs_the_engine(cloud: RecordingCloud, project: Path) -> None:
    """It is named, since only Pulumi can read it."""
    (project / "Pulumi.prod.yaml").write_text("config: {tiny:key: {secure: v1:abc}}\n")
    write(project)
    with pytest.raises(DeployError, match="tiny:key is encrypted"):
        run(cloud.endpoint, "prod", folder=project)
