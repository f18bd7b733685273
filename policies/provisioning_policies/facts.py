"""Where the facts behind the rules are written down."""

from provisioning_policies.rule import Source

_HELP = "https://www.alibabacloud.com/help/en"

EVENTBRIDGE_REGIONS = Source(
    "EventBridge, Supported regions", f"{_HELP}/eventbridge/latest/supported-regions"
)
EVENTBRIDGE_LIMITS = Source("EventBridge, Limits", f"{_HELP}/eventbridge/product-overview/limits")
EVENTBRIDGE_TARGETS = Source(
    "EventBridge, Event target parameters", f"{_HELP}/eventbridge/latest/event-target-parameters"
)
EVENTBRIDGE_PATTERN = Source("EventBridge, Event patterns", f"{_HELP}/doc-detail/181432.htm")
EVENTBRIDGE_HTTP_SOURCE = Source(
    "EventBridge, Create an HTTP/HTTPS event source",
    f"{_HELP}/eventbridge/user-guide/create-a-custom-event-source-of-the-http-or-https-events-type",
)
EVENTBRIDGE_RETRY = Source(
    "EventBridge, Retry policies and dead-letter queues",
    f"{_HELP}/eventbridge/user-guide/retry-and-dead-letter",
)
EVENTBRIDGE_RULE = Source(
    "alicloud provider, event_bridge_rule",
    "https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/"
    "event_bridge_rule",
)
CLOUD_ASSISTANT_EVENTS = Source(
    "ECS, Use EventBridge and Cloud Monitor to subscribe to Cloud Assistant events"
)
CREATE_COMMAND = Source(
    "ECS, CreateCommand", f"{_HELP}/ecs/developer-reference/api-ecs-2014-05-26-createcommand"
)
INVOKE_COMMAND = Source(
    "ECS, InvokeCommand", f"{_HELP}/ecs/developer-reference/api-ecs-2014-05-26-invokecommand"
)
COMMAND_RESOURCE = Source(
    "Resource Orchestration Service, ALIYUN::ECS::Command",
    "https://help.aliyun.com/en/ros/developer-reference/aliyun-ecs-command",
)
RAM_POLICY = Source("RAM, Policy language", "https://help.aliyun.com/en/ram/policy-language/")
RAM_RISK = Source(
    "RAM, Avoid granting RAM important permissions to too many RAM identities",
    "https://help.aliyun.com/en/ram/avoid-granting-high-risk-ram-permissions-to-too-many-ram-identities",
)
RAM_POLICY_RESOURCE = Source(
    "alicloud provider, ram_policy",
    "https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/ram_policy",
)
FUNCTION_RUNTIMES = Source(
    "Function Compute, Runtime overview and deprecation policy",
    f"{_HELP}/fc/user-guide/overview-of-runtimes",
)
FUNCTION_ENVIRONMENT = Source(
    "Function Compute, Configure environment variables",
    f"{_HELP}/functioncompute/fc/environment-variables",
)
FUNCTION_HTTP_TRIGGER = Source(
    "Function Compute, HTTPTriggerConfig",
    "https://alibabacloud.com/help/en/functioncompute/api-fc-2023-03-30-struct-httptriggerconfig",
)
FUNCTION_RESOURCE = Source(
    "alicloud provider, fcv3_function",
    "https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/fcv3_function",
)
QUEUE_RESOURCE = Source(
    "alicloud provider, message_service_queue",
    "https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/"
    "message_service_queue",
)
PULUMI_SECRETS = Source("Pulumi, Secrets", "https://www.pulumi.com/docs/iac/concepts/secrets/")
PULUMI_PROTECT = Source(
    "Pulumi, Resource option protect", "https://www.pulumi.com/docs/iac/concepts/options/protect/"
)
CHAT_ROBOTS = Source(
    "DingTalk, Custom robot; Lark, Custom bot usage guide",
    "https://open.larkoffice.com/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN.md",
)
CYBERSECURITY_LAW = Source(
    "Cybersecurity Law of the People's Republic of China (2017), article 21 (3)"
)
TAGGING = Source("Resource Management, Tag: best practices for tag design")
USERADD = Source("useradd(8), option --expiredate; chage(1)")
SUDOERS = Source("sudoers(5); GTFOBins", "https://gtfobins.github.io/")
FUNCTION_TIMER_TRIGGER = Source("Function Compute, Time trigger")
FUNCTION_ASYNC = Source("alicloud provider, fcv3_async_invoke_config, issue 10031")
ALARM_RESOURCE = Source("alicloud provider, cms_alarm")
FUNCTION_CUSTOM_DOMAIN = Source(
    "alicloud provider, fcv3_custom_domain",
    "https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/"
    "fcv3_custom_domain",
)
ENGINE_POLICIES = Source("Pulumi, Policy as code", "https://www.pulumi.com/docs/insights/policy/")
PROVIDER = Source(
    "alicloud provider, configuration",
    "https://registry.terraform.io/providers/aliyun/alicloud/latest/docs",
)
