"""A custom event bus with the HTTPS sources through which the chat platforms post to it."""

from functools import partial
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud


class HttpSourceArgs(TypedDict):
    """One HTTPS event source; its name becomes the ``source`` of every event posted to it."""

    name: str
    """Name of the source. The provider looks it up by name alone, so it must be unique over all
    buses of the region."""
    description: str
    """Shown in the console."""
    allowed_ips: NotRequired[list[pulumi.Input[str]]]
    """Addresses or CIDR blocks that may post."""
    allowed_referers: NotRequired[list[pulumi.Input[str]]]
    """Referer headers that may post; not together with addresses."""


class EventIntakeArgs(TypedDict):
    """The arguments of :class:`EventIntake`."""

    bus_name: str
    """Name of the bus."""
    description: pulumi.Input[str]
    """Shown in the console."""
    sources: list[HttpSourceArgs]
    """The sources of the bus."""
    protect: NotRequired[bool]
    """True: Pulumi refuses to delete the bus and its sources."""


class EventIntake(pulumi.ComponentResource):
    """Turn what is posted to a webhook into events on a bus.

    A webhook URL is a credential: whoever has it can post. It is an output of the source resource,
    changes when the source is made anew, and is a secret wherever it goes.
    """

    bus_name: pulumi.Output[str]
    """The bus."""
    webhooks: pulumi.Output[dict[str, str]]
    """Source name -> URL to post to; secret."""

    def __init__(
        self, name: str, args: EventIntakeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:EventIntake", name, {}, opts)
        # None, not False: what the component itself is told then reaches the bus and the sources.
        protect = args.get("protect") or None
        bus = alicloud.eventbridge.EventBus(
            f"{name}-bus",
            event_bus_name=args["bus_name"],
            description=args["description"],
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        urls: dict[str, pulumi.Output[str]] = {}
        for source in args["sources"]:
            made = alicloud.eventbridge.EventSourceV2(
                f"{name}-{source['name']}",
                event_bus_name=bus.event_bus_name,
                event_source_name=source["name"],
                description=source["description"],
                # Without it the documentation promises no webhook. It is sent when the source is
                # made and never read back.
                linked_external_source=True,
                source_http_event_parameters=http_parameters(source),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    protect=protect,
                    # The provider finds a source by its name over all buses: beside the old one,
                    # the new one would be taken for it, and its URL would lead to what is deleted.
                    delete_before_replace=True,
                    additional_secret_outputs=["source_http_event_parameters"],
                ),
            )
            urls[source["name"]] = made.source_http_event_parameters.apply(
                partial(_public_url, source["name"])
            )
        self.bus_name = bus.event_bus_name
        self.webhooks = pulumi.Output.secret(pulumi.Output.all(**urls))
        self.register_outputs({"bus_name": self.bus_name, "webhooks": self.webhooks})


def http_parameters(
    source: HttpSourceArgs,
) -> alicloud.eventbridge.EventSourceV2SourceHttpEventParametersArgs:
    """Return who may post to a source: by address, by referer, or everybody who has the URL."""
    ips, referers = source.get("allowed_ips", []), source.get("allowed_referers", [])
    return alicloud.eventbridge.EventSourceV2SourceHttpEventParametersArgs(
        type="HTTPS",
        methods=["POST"],
        security_config="ip" if ips else "referer" if referers else "none",
        ips=ips,
        referers=referers,
    )


def _public_url(name: str, parameters: Any) -> str:
    """Return the first public URL of a source that exists; in a preview it is still unknown.

    Raises:
        pulumi.RunError: if it has none, because then nothing can be posted to it.
    """
    urls = parameters.public_web_hook_urls if parameters else None
    if not urls:
        raise pulumi.RunError(
            f"event source '{name}' was made, but EventBridge gives it no public webhook URL, so "
            f"nothing can be posted to it; look at the source in the console of EventBridge, and "
            f"make it anew with `pulumi up --replace '**{name}'`"
        )
    return str(urls[0])
