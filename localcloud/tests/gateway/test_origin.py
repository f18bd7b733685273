"""What a web page sends is refused; what programs on this machine send is not."""

import pytest

from localcloud.gateway.origin import refusal

HOST = "127.0.0.1:8642"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": HOST},
        {"host": "localhost:8642"},
        {"host": "[::1]:8642"},
        {"host": "LOCALHOST"},
        {},
        {"host": "ecs.localcloud.invalid"},
        {"host": "project.http.sls.localcloud.invalid"},
        {"host": HOST, "origin": f"http://{HOST}"},
        {"host": HOST, "sec-fetch-site": "same-origin"},
        {"host": HOST, "sec-fetch-site": "none"},
    ],
)
def test_programs_and_the_address_bar_get_through(headers: dict[str, str]) -> None:
    """Neither of them names a foreign page."""
    assert refusal(headers) == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": "http://localhost:8642"},
        {"origin": "https://127.0.0.1:8642"},
        {"origin": "null"},
        {"origin": "file://"},
        {"origin": "http://127.0.0.1:8642.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "Cross-Site"},
        {"sec-fetch-site": "anything"},
        {"host": "evil.example:8642", "origin": "http://evil.example:8642"},
        {"host": "evil.example"},
        {"host": "localcloud.invalid.evil.example"},
        {"host": "0.0.0.0:8642"},
        {"host": "127.0.0.1.evil.example:8642"},
        {"host": "localhost.:8642"},
    ],
    ids=str,
)
def test_pages_are_refused(headers: dict[str, str]) -> None:
    """Of another site, another port, no site at all, and under a name that leads here."""
    assert refusal({"host": HOST, **headers}) != ""
