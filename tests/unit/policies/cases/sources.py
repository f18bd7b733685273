"""The cases of the rules about event sources and buses."""

from tests.unit.policies.cases.case import HTTP, Case
from tests.unit.policies.sample_stack import UNKNOWN

CASES: dict[str, Case] = {
    "eventbridge-region": Case(
        broken=(({"region": "me-east-1"}, "'me-east-1' has no EventBridge"),),
        kept=({}, {"region": "eu-central-1"}),
        unknown={"region": UNKNOWN},
    ),
    "event-bus-protected": Case(
        broken=(({"protected": False}, "not protected"),),
        # Protection is an option of the resource: it is known, whatever the inputs are.
        unknown={},
    ),
    "event-source-https": Case(
        broken=(
            ({f"{HTTP}.type": "HTTP"}, 'takes "HTTP"'),
            ({f"{HTTP}.type": "HTTP&HTTPS"}, 'takes "HTTP&HTTPS"'),
            ({f"{HTTP}.type": None}, 'takes "nothing"'),
        ),
        kept=({}, {HTTP: None}),
        unknown={f"{HTTP}.type": UNKNOWN},
    ),
    "event-source-methods": Case(
        broken=(({f"{HTTP}.methods": ["GET", "POST"]}, "takes GET, POST"),),
        unknown={f"{HTTP}.methods": UNKNOWN},
    ),
    "event-source-addresses": Case(
        broken=(
            ({f"{HTTP}.securityConfig": "none"}, "securityConfig is 'none'"),
            ({f"{HTTP}.ips": []}, "no address is listed"),
            ({f"{HTTP}.ips": [f"203.0.113.{n}" for n in range(6)]}, "6 addresses"),
            ({f"{HTTP}.ips": ["0.0.0.0/0"]}, "'0.0.0.0/0' admits 4294967296"),
            ({f"{HTTP}.ips": ["2001:db8::/32"]}, "/48 or narrower"),
            ({f"{HTTP}.ips": ["office"]}, "'office' is neither"),
        ),
        kept=({}, {f"{HTTP}.ips": ["203.0.113.1", "2001:db8::/64"]}),
        unknown={f"{HTTP}.ips": [UNKNOWN]},
    ),
    "webhook-url-secret": Case(
        broken=(({"secret_outputs": []}, "plain output"),),
        kept=({}, {"secret_outputs": ["source_http_event_parameters"]}),
        unknown={HTTP: UNKNOWN},
    ),
    "event-source-own-name": Case(
        broken=(
            ({"source.eventSourceName": "acs.ecs"}, "is called 'acs.ecs'"),
            ({"source.eventSourceName": "ecs.provisioning"}, "in whose name others publish"),
        ),
        kept=({}, {"source.eventSourceName": "acsomething"}),
        unknown={"source.eventSourceName": UNKNOWN},
    ),
}
