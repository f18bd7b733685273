"""Dangerous programs that the rules about event rules have to see."""

from tests.unit.policies.bypasses.changes import TARGET, pattern, template, url
from tests.unit.policies.sample_stack import Changes

BYPASSES: dict[str, tuple[str, Changes]] = {
    # Plain HTTP under another name
    "http://127.evil.example": ("rule-target-https", url("http://127.evil.example/new")),
    "http with an @": ("rule-target-https", url("http://127.0.0.1@evil.example/new")),
    "http and a backslash": (
        "rule-target-https",
        url("http://evil.example\\@127.0.0.1/new"),
    ),
    "http behind a space": ("rule-target-https", url(" HTTP://evil.example/new")),
    "http to localhost.evil": ("rule-target-https", url("http://localhost.evil.example/")),
    "ftp": ("rule-target-https", url("ftp://evil.example/new")),
    # Patterns that match everything
    'source prefix ""': ("rule-pattern-readable", pattern([{"prefix": ""}])),
    "source prefix of one letter": ("rule-pattern-narrow", pattern([{"prefix": "a"}])),
    "source prefix acs.": ("rule-pattern-narrow", pattern([{"prefix": "acs."}])),
    "source contains a dot": ("rule-pattern-narrow", pattern([{"contains": "."}])),
    "source exists": ("rule-pattern-narrow", pattern([{"exists": True}])),
    "source anything but nothing": ("rule-pattern-narrow", pattern([{"anything-but": []}])),
    "source anything but a prefix": (
        "rule-pattern-narrow",
        pattern([{"anything-but": {"prefix": "zzzz"}}]),
    ),
    "source with two operators": (
        "rule-pattern-readable",
        pattern([{"prefix": "sample.", "suffix": ""}]),
    ),
    "source that is a text": ("rule-pattern-readable", pattern("sample.results")),
    "source under another operator": ("rule-pattern-readable", pattern([{"wildcard": "*"}])),
    "source twice": (
        "rule-pattern-readable",
        {"completed.filterPattern": '{"source": [{"exists": true}], "source": ["sample.results"]}'},
    ),
    # Templates
    "template of $..body": ("rule-template-untrusted", template('{"x": "$..body"}')),
    "template of $['data']": (
        "rule-template-untrusted",
        template("{\"x\": \"$['data']['body']\"}"),
    ),
    "template of $": ("rule-template-untrusted", template('{"x": "$"}')),
    "template of $.*": ("rule-template-untrusted", template('{"x": "$.*"}')),
    "template of the subject": ("rule-template-untrusted", template('{"x": "$.subject"}')),
    "template within a list": ("rule-template-untrusted", template('{"x": ["$.data.a"]}')),
    "template that is not JSON": ("rule-template-untrusted", template("{x: $.data.a}")),
    "form in lower case": ("rule-template-untrusted", {f"{TARGET}.paramLists.0.form": "template"}),
}
