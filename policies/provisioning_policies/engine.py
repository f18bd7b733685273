"""Hands the rules to the engine, as the policies of a CrossGuard pack."""

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy import (
    Policy,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from provisioning_policies.configuration import Setting, accepted, schema
from provisioning_policies.rule import AnyRule, Resource, Rule, StackRule


def policies_of(rules: Sequence[AnyRule], settings: Mapping[str, Setting]) -> list[Policy]:
    """Return a policy for each rule."""
    return [
        _resource_policy(rule, settings[rule.name])
        if isinstance(rule, Rule)
        else _stack_policy(rule, settings[rule.name])
        for rule in rules
    ]


def initial_config(settings: Mapping[str, Setting]) -> dict[str, Any]:
    """Return the pack's configuration, which ``--policy-pack-config`` overrides."""
    return {
        name: {"enforcementLevel": setting.level, **setting.options}
        for name, setting in settings.items()
    }


def _resource_policy(rule: Rule, setting: Setting) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if not rule.judges(args.resource_type):
            return
        options = {**setting.options, **args.get_config()}
        if reason := accepted(options, args.name):
            args.not_applicable(reason)
        for message in rule.check(resource_of(args), options):
            report(message, None)

    return ResourceValidationPolicy(
        rule.name,
        rule.summary,
        validate,
        setting.level,
        schema(rule),
        remediation_steps=rule.remedy,
        url=rule.source.url or None,
    )


def _stack_policy(rule: StackRule, setting: Setting) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        options = {**setting.options, **args.get_config()}
        for resource, message in rule.check([resource_of(r) for r in args.resources], options):
            if accepted(options, resource.name) is None:
                report(message, resource.urn)

    return StackValidationPolicy(
        rule.name,
        rule.summary,
        validate,
        setting.level,
        schema(rule),
        remediation_steps=rule.remedy,
        url=rule.source.url or None,
    )


def resource_of(given: ResourceValidationArgs | PolicyResource) -> Resource:
    """Turn what the engine gives into what a rule sees."""
    return Resource(
        type=given.resource_type,
        name=given.name,
        props=given.props,
        urn=given.urn,
        protected=given.opts.protect,
        secret_outputs=tuple(given.opts.additional_secret_outputs),
        provider=given.provider.props if given.provider else {},
    )
