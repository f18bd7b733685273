"""The environment of whatever plays on this machine: tests, stack ``local``, compared revisions.

A shell that works for a team has exported its backend, passphrase, keys and proxy. None of them may
reach what only plays, so what a program needs to run at all is kept, and nothing else.
"""

from collections.abc import Mapping

_KEPT = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "CI"),
        *("LANG", "LANGUAGE", "TERM", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"),
        # Where packages and toolchains come from, and whom to trust for it.
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "JAVA_HOME", "GOCACHE", "GOFLAGS", "GOMODCACHE"),
        *("GONOSUMDB", "GOPATH", "GOPROXY", "GOSUMDB", "GOTOOLCHAIN"),
        # Where the engine's plugins come from. Its state is elsewhere, and its logins are not used.
        *("PULUMI_HOME", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"),
    }
)
_KEPT_FAMILIES = ("LC_", "PIP_", "UV_", "XDG_")


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that leads to nobody's account, state or network."""
    return {
        name: value
        for name, value in environment.items()
        if name in _KEPT or name.startswith(_KEPT_FAMILIES)
    }
