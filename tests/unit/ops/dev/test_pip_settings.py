"""pip's configuration in the words of uv."""

import pytest

from ops.dev.pip_settings import for_uv, parse


def test_the_environment_stands_over_the_command_over_the_rest() -> None:
    """Of three places that set a key, the one that pip itself would take counts."""
    listing = (
        ":env:.index-url='https://env.example/simple'\n"
        "download.timeout='7'\n"
        "global.index-url='https://global.example/simple'\n"
        "global.trusted_host='a.example'\n"
        "install.index-url='https://install.example/simple'\n"
        "install.trusted-host='\\nb.example\\nc.example:8443'\n"
    )
    assert parse(listing) == {
        "index-url": "https://env.example/simple",
        "trusted-host": "\nb.example\nc.example:8443",
    }


@pytest.mark.parametrize(
    ("pip", "variables"),
    [
        ({"index-url": "https://a/simple"}, {"UV_INDEX_URL": "https://a/simple"}),
        (
            {"extra-index-url": "https://a/simple\nhttps://b/simple"},
            {
                "UV_EXTRA_INDEX_URL": "https://a/simple https://b/simple",
                "UV_INDEX_STRATEGY": "unsafe-best-match",
            },
        ),
        ({"find-links": "/wheels\n/more"}, {"UV_FIND_LINKS": "/wheels,/more"}),
        ({"no-index": "true", "find-links": "/w"}, {"UV_NO_INDEX": "1", "UV_FIND_LINKS": "/w"}),
        ({"no-index": "false"}, {}),
        ({"trusted-host": "a b:8443"}, {"UV_INSECURE_HOST": "a b:8443"}),
        ({"cert": "/ca.pem"}, {"SSL_CERT_FILE": "/ca.pem"}),
        ({"client-cert": "/me.pem"}, {"SSL_CLIENT_CERT": "/me.pem"}),
        ({"keyring-provider": "subprocess"}, {"UV_KEYRING_PROVIDER": "subprocess"}),
        ({"default-timeout": "90"}, {"UV_HTTP_TIMEOUT": "90"}),
        (
            {"proxy": "me:pw@proxy.example:3128"},
            {
                "ALL_PROXY": "http://me:pw@proxy.example:3128",
                "HTTPS_PROXY": "http://me:pw@proxy.example:3128",
                "HTTP_PROXY": "http://me:pw@proxy.example:3128",
            },
        ),
    ],
)
def test_each_setting_has_a_variable(pip: dict[str, str], variables: dict[str, str]) -> None:
    """What pip is told, uv is told."""
    found = for_uv(pip, {})
    assert {name: found[name] for name in found.keys() - _TRUST} == variables


_TRUST = {"UV_SYSTEM_CERTS", "UV_NATIVE_TLS"}


def test_pip_trusts_what_requests_trusts() -> None:
    """A bundle that Requests is told of counts, if pip has none of its own."""
    environment = {"REQUESTS_CA_BUNDLE": "/r.pem", "CURL_CA_BUNDLE": "/c.pem"}
    assert for_uv({}, environment)["SSL_CERT_FILE"] == "/r.pem"
    assert for_uv({"cert": "/p.pem"}, environment)["SSL_CERT_FILE"] == "/p.pem"
    assert not _TRUST & for_uv({}, environment).keys()


def test_what_is_set_for_uv_stays() -> None:
    """Whoever has configured uv has configured uv."""
    own = {"UV_INDEX_URL": "https://own/simple", "SSL_CERT_FILE": "/own.pem"}
    pip = {"index-url": "https://pip/simple", "cert": "/pip.pem"}
    assert not own.keys() & for_uv(pip, own).keys()
