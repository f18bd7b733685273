"""The settings of a stack: each with its meaning, unit and default.

The settings live under one key, ``ecs-provisioning-loop:settings``. No secret is among them: Pulumi
hands structured values to the program as plain text, so each secret has a key of its own, named by
:func:`stacks.secret_keys.secret_keys`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from components import defaults
from components.names import (
    ApprovalKind,
    ChatPlatform,
    Delivery,
    FunctionDelivery,
    Language,
    RetryStrategy,
)
from components.webhook_access import MOST_LISTED
from scripts.provision.render import Action

_DAY = 86_400

_NAME = r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$|^[a-z]$"
_SOURCE_NAME = r"^[a-zA-Z][a-zA-Z0-9._-]{0,126}$"
_ROLE_NAME = r"^[a-z][a-z0-9-]{0,31}$"
_INSTANCE_ID = r"^i-[a-z0-9]{4,28}$"
_HEADER_NAME = r"^[A-Za-z][A-Za-z0-9-]{0,63}$"
_URL = r"^https?://[^\s/]+"
_PAGE = r"^https?://[^\s()<>\[\]]{1,400}$"
_METHOD = r"^(POST|PUT|PATCH)$"
_ENVIRONMENT = r"^[a-z][a-z0-9]{0,11}$"
_ACCOUNT_ID = r"^\d{16}$"
_PREFIX = r"^[a-z][a-z0-9-]{0,30}$"
_PROJECT = r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$"
# InvokeCommand, ResourceTag: fewer and shorter than the tags that a resource may carry.
_GROUP_TAG = r"^.{1,64}$"
_MOST_GROUP_TAGS = 10
FORMS = {
    _NAME: "lower-case letters, digits and hyphens, a letter first, at most 32",
    _SOURCE_NAME: "letters, digits and . _ -, a letter first, at most 127",
    _ROLE_NAME: "lower-case letters, digits and hyphens, a letter first, at most 32",
    _INSTANCE_ID: "an id such as i-bp1f00ba",
    _HEADER_NAME: "the name of a header: letters, digits and hyphens",
    _URL: "a URL such as https://hr.example.com/api/employees",
    _PAGE: "a URL such as https://wiki.example.com/first-login, without brackets",
    _METHOD: "POST, PUT or PATCH",
    _ENVIRONMENT: "lower-case letters and digits, a letter first, at most 12",
    _ACCOUNT_ID: "16 digits, in quotes",
    _PREFIX: "lower-case letters, digits and hyphens, a letter first, at most 31",
    _PROJECT: "3 to 63 lower-case letters, digits and hyphens",
    _GROUP_TAG: "1 to 64 characters",
}
"""What each pattern accepts, in words."""

Name = Annotated[str, StringConstraints(pattern=_NAME)]
SourceName = Annotated[str, StringConstraints(pattern=_SOURCE_NAME)]
RoleName = Annotated[str, StringConstraints(pattern=_ROLE_NAME)]
TagKey = Annotated[str, StringConstraints(min_length=1, max_length=128)]
TagValue = Annotated[str, StringConstraints(max_length=128)]
GroupTagKey = Annotated[str, StringConstraints(pattern=_GROUP_TAG)]
InstanceId = Annotated[str, StringConstraints(pattern=_INSTANCE_ID)]
RequestField = Literal["emp_id", "role", "chat", "expires", "ssh_key"]
"""What of a request a form can say (:data:`functions.receive_approval.declared.FIELDS`)."""
HeaderName = Annotated[str, StringConstraints(pattern=_HEADER_NAME)]


class Strict(BaseModel):
    """Refuses keys that nobody defined, keeps values out of error messages, never changes."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        coerce_numbers_to_str=True,  # `pulumi config set --path` turns an account id into a number
    )


class Bus(Strict):
    """The custom event bus."""

    description: str = Field(default=defaults.BUS_DESCRIPTION, description="Shown in the console")
    protect: bool = Field(
        default=False,
        description="True: Pulumi refuses to delete the bus, its sources (whose webhook URLs the "
        "chat platforms know), the log project with its stores and the dead-letter queue",
    )


class WebhookAccess(Strict):
    """Who may post to the webhook of an HTTPS event source."""

    allowed_ips: tuple[str, ...] = Field(
        default=(),
        max_length=MOST_LISTED,
        description=f"IP addresses or CIDR blocks that may post, at most {MOST_LISTED}; empty: "
        "everybody who has the URL",
    )
    allowed_referers: tuple[str, ...] = Field(
        default=(),
        max_length=MOST_LISTED,
        description=f"Values of the Referer header that may post, at most {MOST_LISTED}; not "
        "together with allowed_ips; a sender can forge them",
    )


class GuardedWebhook(WebhookAccess):
    """A webhook whose senders may have to show a secret."""

    token_required: bool = Field(
        default=False,
        description="True: a request must carry this source's secret in the header "
        "X-Provisioning-Token; the secret is the config key source-<name>-token",
    )


class Requests(Strict):
    """What the requests of a source may ask for, and who hears of them."""

    chat: Name = Field(
        description="The chat (a key of chats) that hears of requests which name no other"
    )
    roles: tuple[Name, ...] = Field(
        default=(), description="The roles (keys of roles) that it may ask for; empty: every role"
    )
    actions: tuple[Action, ...] = Field(
        default=(), description="What it may ask for: provision, deprovision; empty: both"
    )
    chats: tuple[Name, ...] = Field(
        default=(),
        description="The chats (keys of chats) that its requests may name; empty: every chat",
    )


class Source(Requests, GuardedWebhook):
    """An HTTPS event source to which an approval flow posts."""

    platform: ChatPlatform = Field(
        description=f"Whose approval flow posts here: {' or '.join(ChatPlatform)}"
    )


class Chat(Strict):
    """A group chat that hears the results; its webhook is the secret chat-<name>-webhook."""

    platform: ChatPlatform = Field(description="The form of message that the chat takes")
    delivery: Delivery = Field(
        default=defaults.DELIVERY,
        description="function: a function posts, at once or as a digest, within the limit of the "
        "chat's platform, and reads the answer; webhook: EventBridge posts each result by itself, "
        "sees no refusal and keeps to no limit (DingTalk then blocks the robot for ten minutes)",
    )
    signed: bool = Field(
        default=True,
        description="True: the robot checks a signature, made with the secret chat-<name>-secret",
    )
    language: Language = Field(
        default=defaults.LANGUAGE, description="The language of the messages: en or zh"
    )


class InstanceGroup(Strict):
    """Instances that are provisioned together; either ids or tags."""

    ids: tuple[InstanceId, ...] = Field(
        default=(), description="The instances themselves, as i-..., when they are few and stay"
    )
    tags: dict[GroupTagKey, TagValue] = Field(
        default_factory=dict,
        max_length=_MOST_GROUP_TAGS,
        description=f"Tags that an instance must all carry, at most {_MOST_GROUP_TAGS}; Cloud "
        "Assistant looks them up anew at each run",
    )


class Command(Strict):
    """The Cloud Assistant command that provisions, and how it is run."""

    timeout_seconds: int = Field(
        default=defaults.COMMAND_TIMEOUT_SECONDS,
        ge=10,
        le=_DAY,
        description="Seconds until Cloud Assistant ends a run, 10 to 86400",
    )
    working_directory: str = Field(
        default=defaults.WORKING_DIRECTORY, description="Where the script starts on an instance"
    )
    max_parallel_requests: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="How many requests are started at the same time, 1 to 100 (reserved "
        "concurrency of the function run-command); unset: no limit",
    )


class Onboarding(GuardedWebhook):
    """The route from a new member of the chat platform to the company's own HTTP API."""

    source: SourceName = Field(description="Name of the HTTPS event source; unique in the region")
    endpoint: Annotated[str, StringConstraints(pattern=_URL)] = Field(
        description="URL of the HTTP API that is called for each new member"
    )
    method: Annotated[str, StringConstraints(pattern=_METHOD)] = Field(
        default=defaults.ONBOARDING_METHOD,
        description="HTTP method of the call: POST, PUT or PATCH",
    )
    headers: tuple[HeaderName, ...] = Field(
        default=(),
        description="Names of the headers to send; each value is the secret "
        "onboarding-header-<Name>",
    )
    timeout_seconds: int = Field(
        default=defaults.ONBOARDING_TIMEOUT_SECONDS,
        ge=1,
        le=60,
        description="Seconds until the HTTP API counts as not answering, 1 to 60",
    )


class ApprovalDefinition(Strict):
    """One approval of a platform, and how its form becomes a request."""

    action: Action = Field(
        default="provision", description="What it asks for: provision or deprovision"
    )
    fields: dict[RequestField, str] = Field(
        min_length=1,
        description="emp_id, role, chat, expires or ssh_key -> id or alias of the form's component "
        "that holds it; one in a table makes each row a request",
    )
    constants: dict[RequestField, str] = Field(
        default_factory=dict, description="Field of a request -> what it always is"
    )
    role_names: dict[str, RoleName] = Field(
        default_factory=dict,
        description="What the form says -> role (a key of roles); what is not here is the role",
    )


class NativeSource(Requests):
    """An app of DingTalk's or Lark's whose native approvals are connected."""

    kind: ApprovalKind = Field(description=f"Whose approvals they are: {' or '.join(ApprovalKind)}")
    app_id: str = Field(min_length=1, description="DingTalk's AppKey (Client ID), Lark's App ID")
    tenant: str = Field(min_length=1, description="DingTalk's CorpId, Lark's tenant_key")
    definitions: dict[str, ApprovalDefinition] = Field(
        min_length=1,
        description="The approvals that lead to requests, by processCode or approval_code",
    )
    api: Annotated[str, StringConstraints(pattern=_URL)] | None = Field(
        default=None,
        description="Where the platform is asked, such as https://open.larksuite.com; unset: its "
        "host in China",
    )
    directory: Annotated[str, StringConstraints(pattern=_URL)] | None = Field(
        default=None, description="Where DingTalk is asked about people; unset: its host in China"
    )
    self_approval: bool = Field(default=False, description="True: who asks may approve")
    approvers: dict[Name, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Role (a key of roles) -> ids of those who may approve it: DingTalk's userId, "
        "Lark's open_id; a role that is not here: anybody",
    )
    two_approvers: tuple[Name, ...] = Field(
        default=(), description="Roles (keys of roles) that two different people must approve"
    )
    revocation: bool = Field(
        default=False,
        description="True: an approval that is revoked afterwards takes its role away",
    )
    members: bool = Field(
        default=False, description="True: new members go the onboarding route, which must exist"
    )
    leavers: bool = Field(
        default=False,
        description="True: who leaves loses every role; for stacks whose emp_id is the platform's "
        "user id",
    )
    look_back_days: int = Field(
        default=defaults.LOOK_BACK_DAYS,
        ge=1,
        le=120,
        description="How many days ago an approval may have been started to be looked for when its "
        "push was lost, 1 to 120",
    )
    api_calls: int = Field(
        default=defaults.API_CALLS,
        ge=10,
        le=20_000,
        description="How many calls of the platform a look for lost pushes (every 30 minutes) may "
        "make, 10 to 20000",
    )


class Native(Strict):
    """The native approvals of DingTalk and Lark."""

    sources: dict[SourceName, NativeSource] = Field(
        min_length=1, description="The apps whose approvals are connected, by name of the source"
    )
    ready_instances: int | None = Field(
        default=None,
        ge=1,
        le=10,
        description="How many instances of the function are kept ready, 1 to 10, because DingTalk "
        "waits 1.5 s and Lark 1 s; they are billed while idle. Unset: none",
    )


class Alarms(Strict):
    """Who hears what nobody else was told of."""

    chat: Name = Field(
        description="The chat (a key of chats) of those who operate the loop: it hears of dead "
        "letters, requests without a result, removals that stay open; best one that no request "
        "names"
    )
    contact_groups: tuple[str, ...] = Field(
        default=(),
        description="CloudMonitor's contact groups that hear of each error of a function; they "
        "exist already",
    )
    robot: bool = Field(
        default=False,
        description="True: CloudMonitor posts each error of a function to a DingTalk robot with "
        "keyword security, whose webhook is the secret alarms-robot-webhook",
    )


class Retention(Strict):
    """How long things are kept."""

    # MNS keeps a message 604,800 s at most (Simple Message Queue, "CreateQueue"); whatever must
    # outlive that is in the archive, which holds every event that ever came over the bus.
    dead_letters_seconds: int = Field(
        default=defaults.DEAD_LETTERS_SECONDS,
        ge=60,
        le=7 * _DAY,
        description="Seconds that an undeliverable event waits in the dead-letter queue, 60 to "
        "604800 (7 days, the limit of the service)",
    )
    archive_days: int = Field(
        default=defaults.ARCHIVE_DAYS,
        ge=1,
        le=3_000,
        description="Days that every event of the bus stays in the log store",
    )
    function_logs_days: int = Field(
        default=defaults.FUNCTION_LOGS_DAYS,
        ge=1,
        le=3_000,
        description="Days that the functions' logs are kept",
    )


class Settings(Strict):
    """The settings of a stack, under ``ecs-provisioning-loop:settings`` in its file."""

    environment: Annotated[str, StringConstraints(pattern=_ENVIRONMENT)] = Field(
        description="Short name of the environment; part of every physical name"
    )
    account_id: Annotated[str, StringConstraints(pattern=_ACCOUNT_ID)] = Field(
        description="Id of the Alibaba Cloud account, 16 digits; credentials of another are refused"
    )
    name_prefix: Annotated[str, StringConstraints(pattern=_PREFIX)] | None = Field(
        default=None,
        description="Beginning of every physical name; unset: provisioning-<environment>",
    )
    log_project: Annotated[str, StringConstraints(pattern=_PROJECT)] | None = Field(
        default=None,
        description="Name of the SLS project, unique over all accounts of the region, 3 to 63 "
        "characters; unset: <name_prefix>-logs",
    )
    bus: Bus = Field(default_factory=Bus, description="The event bus")
    sources: dict[SourceName, Source] = Field(
        min_length=1,
        description="HTTPS event sources for approvals by name; a name must be unique over all "
        "buses of the region",
    )
    chats: dict[Name, Chat] = Field(min_length=1, description="Chats that hear results, by name")
    default_chat: Name = Field(description="The chat that hears of runs started by hand")
    guide: str | None = Field(
        default=None,
        pattern=_PAGE,
        description="URL of a page on how to log in for the first time, such as a copy of "
        "docs/first-login.md; messages about new accounts link to it. Unset: no link",
    )
    instances: dict[Name, InstanceGroup] = Field(
        min_length=1, description="Groups of instances, by name"
    )
    roles: dict[RoleName, Name] = Field(
        min_length=1,
        description="Role of the catalogue -> group of instances on which it is provisioned",
    )
    roles_file: str | None = Field(
        default=None,
        description="Path of the roles catalogue, relative to the project; unset: the catalogue "
        "that comes with the project",
    )
    command: Command = Field(default_factory=Command, description="The Cloud Assistant command")
    onboarding: Onboarding | None = Field(
        default=None, description="The onboarding route; unset: there is none"
    )
    native: Native | None = Field(
        default=None, description="The native approvals of DingTalk and Lark; unset: none"
    )
    alarms: Alarms | None = Field(
        default=None, description="Who hears what nobody else was told of; unset: nobody"
    )
    retry: RetryStrategy = Field(
        default=defaults.RETRY,
        description="What EventBridge does when a target fails: BACKOFF_RETRY (3 more attempts, "
        "10 to 20 s apart) or EXPONENTIAL_DECAY_RETRY (176 more over one day)",
    )
    function_delivery: FunctionDelivery = Field(
        default=defaults.FUNCTION_DELIVERY,
        description="How events reach the functions. queue: a rule puts the event into the "
        "function's queue and calls the function to look there; at the latest its timer does. "
        "stream: a stream of Function Compute calls it instead. direct: a rule calls the function "
        "with the event, which an internal error of Function Compute can lose",
    )
    retention: Retention = Field(
        default_factory=Retention, description="How long dead letters, events and logs are kept"
    )
    stale_after_seconds: int = Field(
        default=defaults.STALE_AFTER_SECONDS,
        ge=60,
        le=30 * _DAY,
        description="Seconds after which a request is too old to be carried out, 60 to 2592000",
    )
    service_linked_roles: bool = Field(
        default=False,
        description="True: create EventBridge's service-linked roles, which an account has once; "
        "those that it has already are taken into the state",
    )
    tags: dict[TagKey, TagValue] = Field(
        default_factory=dict, max_length=20, description="Tags on everything that takes tags"
    )

    @property
    def prefix(self) -> str:
        """The beginning of every physical name."""
        return self.name_prefix or f"provisioning-{self.environment}"
