"""A method and a path lead to one action, and give what the path names."""

import pytest

from localcloud.gateway.routes import RouteTable

ROUTES = [
    ("GET", "/functions", "List"),
    ("GET", "/functions/{name}", "Get"),
    ("GET", "/functions/{name}/code", "Code"),
    ("GET", "/functions/tags/all", "Tags"),
    ("PUT", "/functions/{name}", "Update"),
    ("GET", "/", "Root"),
]


@pytest.mark.parametrize(
    ("method", "path", "action", "variables"),
    [
        ("GET", "/functions", "List", {}),
        ("GET", "/functions/", "List", {}),
        ("GET", "/functions/a%20b", "Get", {"name": "a b"}),
        ("PUT", "/functions/a", "Update", {"name": "a"}),
        ("GET", "/functions/a/code", "Code", {"name": "a"}),
        ("GET", "/functions/tags/all", "Tags", {}),
        ("GET", "/", "Root", {}),
    ],
)
def test_a_path_leads_to_its_action(
    method: str, path: str, action: str, variables: dict[str, str]
) -> None:
    """Literal segments win over variables; variables are decoded."""
    match = RouteTable(ROUTES).find(method, path)
    assert match is not None
    assert (match.action, dict(match.variables)) == (action, variables)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/functions"), ("GET", "/other"), ("GET", "/functions/a/b/c")]
)
def test_other_paths_lead_nowhere(method: str, path: str) -> None:
    """What no route names is not guessed."""
    assert RouteTable(ROUTES).find(method, path) is None
