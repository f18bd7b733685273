"""The keys of a stack's configuration that hold its secrets, and what each is."""

from collections.abc import Iterator

from stacks.settings import Settings


def chat_webhook_key(chat: str) -> str:
    """Name the secret that holds a chat's webhook URL."""
    return f"chat-{chat}-webhook"


def chat_secret_key(chat: str) -> str:
    """Name the secret with which messages to a chat are signed."""
    return f"chat-{chat}-secret"


def source_token_key(source: str) -> str:
    """Name the secret that requests from a source must carry."""
    return f"source-{source}-token"


def onboarding_header_key(header: str) -> str:
    """Name the secret that is the value of a header of the onboarding call."""
    return f"onboarding-header-{header}"


def native_secret_keys(source: str) -> dict[str, str]:
    """Name the secrets of a native source, by what they are to its app."""
    return {
        what: f"native-{source}-{what.replace('_', '-')}" for what in ("app_secret", "token", "key")
    }


ALARMS_ROBOT_KEY = "alarms-robot-webhook"
"""The secret that holds the webhook of CloudMonitor's robot."""


_NATIVE_SECRETS = {
    "app_secret": "the app secret",
    "token": "the signature token (DingTalk) or Verification Token (Lark)",
    "key": "the EncodingAESKey (DingTalk) or Encrypt Key (Lark)",
}


def secret_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield each secret that these settings need, with what it is."""
    for name, chat in settings.chats.items():
        yield chat_webhook_key(name), f"the webhook URL of chat '{name}'"
        if chat.signed:
            yield chat_secret_key(name), f"the signing secret of chat '{name}'"
    for name, source in settings.sources.items():
        if source.token_required:
            yield source_token_key(name), f"what X-Provisioning-Token must be for '{name}'"
    if settings.onboarding:
        if settings.onboarding.token_required:
            name = settings.onboarding.source
            yield source_token_key(name), f"what X-Provisioning-Token must be for '{name}'"
        for header in settings.onboarding.headers:
            yield onboarding_header_key(header), f"the onboarding call's header {header}"
    for name in settings.native.sources if settings.native else ():
        for what, key in native_secret_keys(name).items():
            yield key, f"{_NATIVE_SECRETS[what]} of the app of '{name}'"
    if settings.alarms and settings.alarms.robot:
        yield ALARMS_ROBOT_KEY, "the webhook of the DingTalk robot to which CloudMonitor posts"
