"""DingTalk and Lark as a company has them: approvals, members, APIs and encrypted pushes.

An extension of the local cloud (``demo/localcloud.yaml``). It shares no code with the functions:
what is sealed here is opened there.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from demo.platforms.company import Company
from demo.platforms.dingtalk import DingTalk
from demo.platforms.lark import Lark
from demo.platforms.pushes import Pusher
from localcloud.environment import Environment
from localcloud.extension import Extension
from localcloud.inspection import NotThereError, Question

_KINDS = {"dingtalk": DingTalk, "lark": Lark}


def create(options: Mapping[str, Any], environment: Environment) -> Extension:
    """Return the platforms that the options name, each with one app."""
    pusher = Pusher(environment.clock.now)
    companies: dict[str, Company] = {
        name: _KINDS[name](app, environment, pusher) for name, app in options.items()
    }

    def of(asked: Question) -> Company:
        name = asked.path["platform"]
        if name not in companies:
            raise NotThereError(f"no platform '{name}'; there are {', '.join(companies)}")
        return companies[name]

    async def change(name: str, asked: Question, body: Any) -> Any:
        if not isinstance(body, dict):
            raise NotThereError("a JSON object is expected")
        try:
            return await getattr(of(asked), name)(**{**asked.path, **body, "platform": ""})
        except TypeError as error:
            raise NotThereError(f"not what {name} takes: {error}") from error

    root = "platforms/{platform}"
    return Extension(
        handlers={company.host: company.answer for company in companies.values()},
        views={
            f"{root}/pushes": lambda asked: of(asked).pushes,
            f"{root}/approvals": lambda asked: of(asked).shown(),
        },
        changes={
            f"{root}/callback": partial(change, "subscribe"),
            f"{root}/approvals": partial(change, "ask"),
            f"{root}/approvals/{{instance}}/approve": partial(change, "approve"),
            f"{root}/approvals/{{instance}}/revoke": partial(change, "revoke"),
            f"{root}/forge": partial(change, "forge"),
            f"{root}/members": partial(change, "join"),
            f"{root}/members/{{person}}/leave": partial(change, "leave"),
            f"{root}/outage": partial(change, "outage"),
        },
        run=pusher.run,
    )
