"""What pip is told about the way to the packages, in the words of uv.

A company's mirror, proxy or certificate is written once on a machine, for pip: in a configuration
file, or in the environment. uv reads neither (uv, "Compatibility with pip", "Configuration files
and environment variables").
"""

import ast
import ssl
from collections.abc import Mapping
from pathlib import Path

Settings = Mapping[str, str]


def parse(listing: str) -> Settings:
    """Return the settings that count for ``pip install``, from what ``pip config list`` prints.

    Its lines are ``section.key='value'``; the environment stands over the section of the command,
    which stands over ``global``.
    """
    found: dict[str, str] = {}
    for section in ("global.", "install.", ":env:."):
        for line in listing.splitlines():
            name, equals, value = line.partition("=")
            if equals and name.startswith(section):
                found[name.removeprefix(section).replace("_", "-")] = str(ast.literal_eval(value))
    return found


def for_uv(pip: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make uv go pip's way; what is set for uv itself stays."""
    extra = _words(pip.get("extra-index-url"), " ")
    is_without_index = pip.get("no-index", "").lower() in {"1", "true", "yes", "on"}
    wanted = {
        # The names that every uv knows, not only the newest.
        "UV_INDEX_URL": pip.get("index-url", ""),
        "UV_EXTRA_INDEX_URL": extra,
        # pip takes the best of all indexes, uv the first that has the package at all.
        "UV_INDEX_STRATEGY": "unsafe-best-match" if extra else "",
        "UV_FIND_LINKS": _words(pip.get("find-links"), ","),
        "UV_NO_INDEX": "1" if is_without_index else "",
        "UV_INSECURE_HOST": _words(pip.get("trusted-host"), " "),
        "UV_HTTP_TIMEOUT": pip.get("timeout") or pip.get("default-timeout", ""),
        "UV_KEYRING_PROVIDER": "subprocess" if pip.get("keyring-provider") == "subprocess" else "",
        "SSL_CLIENT_CERT": pip.get("client-cert", ""),
        **_trusted(pip, environment),
    }
    found = {name: value for name, value in wanted.items() if value and name not in environment}
    if proxy := pip.get("proxy"):
        proxy = proxy if "://" in proxy else f"http://{proxy}"
        found |= dict.fromkeys(("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY"), proxy)
    return found


def _trusted(pip: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """Return where the certificates of authorities are (Requests, "SSL Cert Verification")."""
    bundles = (pip.get("cert"), *map(environment.get, ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")))
    if bundle := next(filter(None, bundles), ""):
        return {"SSL_CERT_DIR" if Path(bundle).is_dir() else "SSL_CERT_FILE": bundle}
    # pip trusts what the machine trusts. A machine that trusts nobody has uv's own list.
    machine = ssl.get_default_verify_paths()
    if machine.cafile or (machine.capath and any(Path(machine.capath).iterdir())):
        return {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}
    return {}


def _words(values: str | None, separator: str) -> str:
    return separator.join((values or "").split())
