"""Runs the stacks' program as the engine would, with secrets that are none."""

import json
import runpy
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest
import yaml
from pulumi.runtime.settings import get_root_resource
from pulumi.runtime.stack import Stack

from components.names import ChatPlatform
from stacks.secret_keys import ALARMS_ROBOT_KEY, chat_secret_key, chat_webhook_key, secret_keys
from stacks.settings import Settings
from tests.unit.fake_engine import FakeEngine

ROOT = Path(__file__).parents[3]
PROJECT = "ecs-provisioning-loop"
LOCAL_KEY = {"alicloud:accessKey": "LTAIlocalOfThisTest"}


def stack_file(stack: str) -> dict[str, Any]:
    """Return what a stack file says."""
    text = (ROOT / f"Pulumi.{stack}.yaml").read_text()
    return dict(yaml.safe_load(text)["config"])


def settings_of(stack: str) -> Settings:
    """Return the settings of a stack file."""
    return Settings.model_validate(stack_file(stack)[f"{PROJECT}:settings"])


def fake_secrets(stack: str) -> dict[str, str]:
    """Return a value for every secret that a stack needs and its file does not hold."""
    held, settings = stack_file(stack), settings_of(stack)
    webhooks = {
        ChatPlatform.DINGTALK: "https://oapi.dingtalk.com/robot/send?access_token={}-s3cret-{}",
        ChatPlatform.LARK: "https://open.feishu.cn/open-apis/bot/v2/hook/{}-s3cret-{}",
        ChatPlatform.WECOM: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={}-s3cret-{}",
    }
    signing = {ChatPlatform.DINGTALK: f"SEC{'5' * 64}", ChatPlatform.LARK: "l" * 22}
    values = {}
    for name, chat in settings.chats.items():
        values[chat_webhook_key(name)] = webhooks[chat.platform].format(stack, name)
        values[chat_secret_key(name)] = signing.get(chat.platform, "")
    values[ALARMS_ROBOT_KEY] = webhooks[ChatPlatform.DINGTALK].format(stack, "robot")
    return {
        f"{PROJECT}:{key}": values.get(key, f"{stack}-s3cret-{key}")
        for key, _ in secret_keys(settings)
        if f"{PROJECT}:{key}" not in held
    }


def run_stack(
    stack: str,
    config: dict[str, Any] | None = None,
    encrypted: Iterable[str] | None = None,
    account_id: str = "",
) -> tuple[FakeEngine, dict[str, tuple[Any, bool]]]:
    """Run the program of a stack; give what it asked for, and its outputs.

    Encrypted are the secrets that the stack file does not hold, if nothing else is said; the
    credentials are those of the stack's account.
    """
    values = {**LOCAL_KEY, **(config or {**stack_file(stack), **fake_secrets(stack)})}
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}
    secret = [*(fake_secrets(stack) if encrypted is None else encrypted)]
    engine = FakeEngine(stack, account_id=account_id or settings_of(stack).account_id)

    def program() -> dict[str, Any]:
        stack_resource = cast("Stack", get_root_resource())
        stack_resource.outputs = {}  # Pulumi keeps the resource from one run to the next
        pulumi.runtime.set_all_config(texts, secret)
        runpy.run_path(str(ROOT / "stacks"), run_name="__main__")
        return stack_resource.outputs

    return engine, engine.run(program)


@cache
def ran(stack: str) -> tuple[FakeEngine, dict[str, tuple[Any, bool]]]:
    """Run the program of a stack as it is, once for all that only read what came of it."""
    return run_stack(stack)


@pytest.fixture
def load_with() -> Callable[..., str]:
    """Return the message with which a changed local stack refuses to start."""

    def refuse(change: Callable[[dict[str, Any]], None]) -> str:
        values = stack_file("local")
        change(values)
        with pytest.raises(pulumi.RunError) as caught:
            run_stack("local", values)
        return str(caught.value)

    return refuse
