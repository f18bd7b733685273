"""The signed RPC client, judged by Alibaba Cloud's own SDKs."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.cloud import ecs, rpc, runtime
from functions.cloud.cloud_assistant import CloudAssistant
from functions.cloud.ecs import VERSION
from functions.cloud.errors import PermanentError, TemporaryError
from functions.cloud.instances import Instances
from functions.cloud.rpc import ApiRefusedError, ApiTroubleError, Credentials, Rpc
from functions.cloud.web import Answer
from tests.unit.functions import sdk
from tests.unit.functions.loopback import Loopback, Reply, Seen
from tests.unit.functions.samples import NOW, patient

KEY = Credentials("LTAIexample", "very-secret", "sts-token")
NONCE = "0123456789abcdef"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def client(loopback: Loopback, credentials: Credentials = KEY, seconds: float = 5) -> Rpc:
    """Return a client of the loopback server with fixed time and nonce."""
    return Rpc(
        loopback.url, VERSION, credentials, now=lambda: NOW, nonce=lambda: NONCE, seconds=seconds
    )


@patient
@given(
    st.dictionaries(
        st.from_regex(r"[A-Z][A-Za-z]{0,9}(\.[0-9]){0,2}", fullmatch=True), texts, max_size=5
    ),
    st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12),
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20),
)
def test_signatures_are_the_sdks(query: dict[str, str], name: str, value: str) -> None:
    """For any parameters and headers the Authorization header is what the SDK computes."""
    headers = {"host": "ecs.example.com", "x-acs-action": "InvokeCommand", f"x-acs-{name}": value}
    payload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    request = sdk.tea_request.TeaRequest()
    request.method, request.pathname, request.query, request.headers = "POST", "/", query, headers
    expected = sdk.tea_openapi_utils.Utils.get_authorization(
        request, rpc.ALGORITHM, payload, KEY.access_key_id, KEY.access_key_secret
    )
    older = sdk.openapi_util.Client.get_authorization(
        request, rpc.ALGORITHM, payload, KEY.access_key_id, KEY.access_key_secret
    )
    assert older == rpc.authorization("POST", "/", query, headers, KEY) == expected


@patient
@given(
    st.recursive(
        texts | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(texts.filter(bool), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_structures_are_written_as_the_sdk_writes_them(value: Any) -> None:
    """Lists and objects become the same numbered parameters."""
    assert rpc.flatten({"Tag": value}) == sdk.openapi_util.Client.query({"Tag": value})


def test_truth_and_absence_are_written_as_the_api_wants_them() -> None:
    """Truth values are lower case, and what is not set is not sent."""
    assert rpc.flatten({"A": True, "B": False, "C": None, "D": []}) == {"A": "true", "B": "false"}


class Session:
    """A credential as the SDK's own client wants it."""

    def get_credential(self) -> SimpleNamespace:
        """Return the key."""
        return SimpleNamespace(type="sts", provider_name=None, **KEY._asdict())


def official(loopback: Loopback) -> Any:
    """Return the official client of the loopback server."""
    host = loopback.url.removeprefix("http://")
    return sdk.ecs_client.Client(
        sdk.tea_openapi_models.Config(credential=Session(), endpoint=host, protocol="http")
    )


def both(loopback: Loopback) -> tuple[Seen, Seen]:
    """Return what the SDK sent and what we sent."""
    theirs, ours = loopback.seen
    return theirs, ours


def assert_same_call(theirs: Seen, ours: Seen) -> None:
    """Compare two requests but for time, nonce and the names of their senders."""
    assert ours.query == theirs.query
    assert (ours.method, ours.path, ours.body) == (theirs.method, theirs.path, theirs.body)
    changing = {"x-acs-date", "x-acs-signature-nonce", "authorization"}
    acs = {n: v for n, v in theirs.headers.items() if n.startswith("x-acs-") and n not in changing}
    acs.pop("x-acs-credentials-provider", None)
    assert {
        n: v for n, v in ours.headers.items() if n.startswith("x-acs-") and n not in changing
    } == acs


def test_invoke_command_is_what_the_sdk_sends(loopback: Loopback) -> None:
    """Parameters and their names are those of the official ECS client."""
    loopback.answer = lambda _: Reply(body=b'{"InvokeId":"t-1","RequestId":"R"}')
    official(loopback).invoke_command(
        sdk.ecs_models.InvokeCommandRequest(
            region_id="cn-hangzhou",
            command_id="c-1",
            parameters={"emp_id": "E123", "role": "devops"},
            timeout=300,
            termination_mode="ProcessTree",
            instance_id=["i-1", "i-2"],
            tag=[sdk.ecs_models.InvokeCommandRequestTag(key="provisioning:by", value="李雷")],
            client_token="token",
        )
    )
    found = CloudAssistant(client(loopback), "cn-hangzhou").invoke(
        command_id="c-1",
        parameters={"emp_id": "E123", "role": "devops"},
        timeout_seconds=300,
        instance_ids=["i-1", "i-2"],
        tags={"provisioning:by": "李雷"},
        client_token="token",
    )
    theirs, ours = both(loopback)
    assert_same_call(theirs, ours)
    assert found == "t-1"
    assert ours.headers["x-acs-security-token"] == "sts-token"


def test_instances_are_asked_for_as_the_sdk_does(loopback: Loopback) -> None:
    """By id and by tags, and whether the agent answers on them."""
    running = {"InstanceId": "i-1", "Status": "Running"}
    bodies = {
        "DescribeInstances": {"Instances": {"Instance": [running]}},
        "DescribeCloudAssistantStatus": {},
    }
    loopback.answer = lambda seen: Reply(
        body=json.dumps(bodies[seen.headers["x-acs-action"]]).encode()
    )
    instances = Instances(client(loopback), "cn-hangzhou")
    cases: list[tuple[Callable[[], object], dict[str, Any]]] = [
        (lambda: instances.named(["i-1"]), {"instance_ids": '["i-1"]'}),
        (
            lambda: instances.tagged([("role", "db")]),
            {"tag": [sdk.ecs_models.DescribeInstancesRequestTag(key="role", value="db")]},
        ),
    ]
    for ask, wanted in cases:
        loopback.seen.clear()
        official(loopback).describe_instances(
            sdk.ecs_models.DescribeInstancesRequest(
                region_id="cn-hangzhou", max_results=100, **wanted
            )
        )
        official(loopback).describe_cloud_assistant_status(
            sdk.ecs_models.DescribeCloudAssistantStatusRequest(
                region_id="cn-hangzhou", instance_id=["i-1"], max_results=50
            )
        )
        ask()
        theirs, their_status, ours, our_status = loopback.seen
        assert_same_call(theirs, ours)
        assert_same_call(their_status, our_status)


def test_looking_up_a_request_is_what_the_sdk_sends(loopback: Loopback) -> None:
    """DescribeInvocations with tags is written as the official client writes it."""
    official(loopback).describe_invocations(
        sdk.ecs_models.DescribeInvocationsRequest(
            region_id="cn-hangzhou",
            max_results=50,
            tag=[
                sdk.ecs_models.DescribeInvocationsRequestTag(
                    key="provisioning:request", value="r 1"
                )
            ],
        )
    )
    found = CloudAssistant(client(loopback), "cn-hangzhou").find({"provisioning:request": "r 1"})
    assert_same_call(*both(loopback))
    assert found == []


def test_reading_a_result_is_what_the_sdk_sends(loopback: Loopback) -> None:
    """DescribeInvocations for one run is written as the official client writes it."""
    request = sdk.ecs_models.DescribeInvocationsRequest(
        region_id="cn-hangzhou",
        invoke_id="t-1",
        instance_id="i-1",
        content_encoding="Base64",
    )
    official(loopback).describe_invocations(request)
    CloudAssistant(client(loopback), "cn-hangzhou").result("t-1", "i-1")
    theirs, ours = both(loopback)
    # The SDK would write the truth value in Python's way, True; the API documents true.
    query = {**theirs.query, "IncludeOutput": "true"}
    assert ours.query == query


def test_a_request_without_session_has_no_token_headers(loopback: Loopback) -> None:
    """A key that needs no token is sent without one."""
    client(loopback, Credentials("LTAIexample", "very-secret")).call("X", {})
    (seen,) = loopback.seen
    assert not {"x-acs-security-token", "x-acs-accesskey-id"} & set(seen.headers)


REGIONS = [
    "cn-hangzhou",
    "cn-shanghai",
    "cn-beijing",
    "cn-shenzhen",
    "cn-hongkong",
    "cn-wulanchabu",
    "cn-wuhan",
    "cn-hangzhou-finance",
    "cn-shanghai-finance-1",
    "cn-shenzhen-finance-1",
    "cn-north-2-gov-1",
    "ap-southeast-1",
    "eu-central-1",
    "us-east-1",
]


class Context:
    """What Python 3.12's runtime passes."""

    request_id = "r"
    account_id = "1234567890123456"

    def __init__(self, region: str) -> None:
        self.region = region


@pytest.mark.parametrize("region", REGIONS)
def test_endpoints_are_the_sdks(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every region the ECS host is the one that the official client uses."""
    config = sdk.tea_openapi_models.Config(
        access_key_id="a", access_key_secret="b", region_id=region
    )
    seen: list[str] = []
    monkeypatch.setattr(ecs, "Rpc", lambda endpoint, *_, **__: seen.append(endpoint))
    environ = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "a", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "b"}
    ecs.connect(Context(region), environ)
    assert seen == [f"https://{sdk.ecs_client.Client(config)._endpoint}"]


@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (400, {"Code": "Throttling"}, ApiTroubleError, "Throttling"),
        (400, {"Code": "Throttling.User"}, ApiTroubleError, "Throttling.User"),
        (403, {"Code": "IdempotentProcessing"}, ApiTroubleError, "IdempotentProcessing"),
        (
            403,
            {"Code": "InvalidSecurityToken.Expired"},
            ApiTroubleError,
            "InvalidSecurityToken.Expired",
        ),
        (429, {}, ApiTroubleError, "Http429"),
        (500, {"Code": "InternalError.Dispatch"}, ApiTroubleError, "InternalError.Dispatch"),
        (500, {"code": "x"}, ApiTroubleError, "x"),
        (503, "<html>", ApiTroubleError, "Http503"),
        (200, "<html>", ApiTroubleError, "Http200"),
        (200, "[]", ApiTroubleError, "Http200"),
        (301, "{}", ApiRefusedError, "Http301"),
        (403, {"Code": "NoPermission"}, ApiRefusedError, "NoPermission"),
        (403, {"Code": "Forbidden.RAM"}, ApiRefusedError, "Forbidden.RAM"),
        (404, {"Code": "InvalidInstance.NotFound"}, ApiRefusedError, "InvalidInstance.NotFound"),
        (400, {"code": "EventBusNotExist"}, ApiRefusedError, "EventBusNotExist"),
        (400, "not json", ApiRefusedError, "Http400"),
    ],
)
def test_errors_are_sorted_by_what_helps(
    status: int, body: object, error: type[Exception], code: str
) -> None:
    """Throttling and a server's trouble are worth another try, a refusal is not."""
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    with pytest.raises(error) as caught:
        rpc.read_answer("SomeAction", Answer(status, raw))
    assert isinstance(caught.value, ApiTroubleError | ApiRefusedError)
    assert (caught.value.action, caught.value.code) == ("SomeAction", code)
    assert isinstance(caught.value, TemporaryError if error is ApiTroubleError else PermanentError)


def test_no_answer_is_worth_another_try() -> None:
    """A server that refuses connections is a temporary trouble of that action."""
    unreachable = Rpc("http://127.0.0.1:1", VERSION, KEY, now=lambda: NOW)
    with pytest.raises(ApiTroubleError, match="InvokeCommand: ConnectionRefusedError"):
        unreachable.call("InvokeCommand", {})


def test_secrets_stay_out_of_what_is_shown() -> None:
    """A key shows neither its secret nor its token."""
    assert repr(KEY) == "Credentials(LTAIexam...)"


def test_credentials_come_from_the_context_or_the_environment() -> None:
    """Older runtimes pass the role's key in the context, Python 3.12 in the environment."""
    environ = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "env-id",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret",
        "ALIBABA_CLOUD_SECURITY_TOKEN": "env-token",
    }
    context = Context("cn-hangzhou")
    assert runtime.credentials(context, environ) == ("env-id", "env-secret", "env-token")
    context.credentials = None  # type: ignore[attr-defined]
    assert runtime.credentials(context, environ) == ("env-id", "env-secret", "env-token")
    context.credentials = KEY  # type: ignore[attr-defined]
    assert tuple(runtime.credentials(context, environ)) == tuple(KEY)


def test_a_function_without_role_says_so() -> None:
    """Without a key the message names the variable."""
    with pytest.raises(Exception, match=r"ALIBABA_CLOUD_ACCESS_KEY_ID: is missing.*needs a role"):
        runtime.credentials(Context("cn-hangzhou"), {})


def test_parameters_survive_the_wire(loopback: Loopback) -> None:
    """What was given arrives decoded as it was."""
    odd = "a b+c/d~*!'()&=?#%\n李"
    client(loopback).call("X", {"Odd": odd})
    (seen,) = loopback.seen
    assert seen.query == {"Odd": odd}
    assert f"Odd={quote(odd, safe='~')}" in seen.target
