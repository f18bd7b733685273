"""The page in a real browser: a newcomer's minute, an operator's night, and what hostile text does.

The tests run in any order; in this one the pictures show ordinary days.
``PYTEST_PICTURES=<folder>`` keeps what is seen, for the documents.
"""

import base64
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.loop import Loop
from demo.play import CONFIGURATION
from lab import running_cloud as lab
from lab.browser import Browser, Page, browser
from lab.running_cloud import RunningCloud
from tests.e2e.deployed import deploy

VIEWS = (
    "requests", "letters", "chats", "instances", "rules", "functions", "faults", "post",
)  # fmt: skip
SECRET = "SEClocalops000000000000000000000000000000000000000000000000000000"
HOSTILE = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>\'"`${1}'
LINK = f"[click](javascript:window.owned=1) ![x](https://page.example/x.png) {HOSTILE}"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a browser; without one the tests are skipped."""
    with browser(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return the folder for what is seen."""
    return Path(os.environ.get("PYTEST_PICTURES") or tmp_path)


def approve(loop: Loop, request: str, employee: str, role: str, **more: str) -> str:
    """Post an approval; return the event's id."""
    detail = {"emp_id": employee, "role": role, "request_id": request, **more}
    body = {"source": "dingtalk.approval", "detail-type": "ProvisionRequest", "detail": detail}
    return loop.post("dingtalk.approval", json.dumps(body).encode())


def check(page: Page, endpoint: str) -> None:
    """Find no error in the console, and nothing that the page asked of others."""
    assert page.errors() == []
    assert [url for url in page.requested() if not url.startswith(f"{endpoint}/")] == []


def test_a_newcomer_sees_an_approval_become_an_account_and_a_message(
    chromium: Browser, cloud: RunningCloud, loop: Loop, pictures: Path
) -> None:
    """Open the page, post what stands in the form, and follow the row."""
    page = chromium.page(f"{cloud.endpoint}/")
    page.click("a.button", "Post an event")
    page.wait("document.querySelector('textarea').value.includes('E123')")
    body = {
        "source": "dingtalk.approval",
        "detail-type": "ProvisionRequest",
        "detail": {"emp_id": "E123", "role": "devops", "request_id": "R-302"},
    }
    page.fill("textarea", json.dumps(body, indent=2))
    page.click("button.primary")
    page.wait_for("Posted:")
    page.click("#nav a", "Requests")
    page.click("a.row-link", "R-302")
    page.wait_for("Told in: ops")
    page.wait("document.querySelector('.detail .badge').textContent.includes('Success')")
    loop.settle()
    assert page.run("location.hash") == "#/requests/R-302"
    for word in ("R-302", "E123", "devops", "dingtalk.approval", "i-local0001", "Provisioned E123"):
        assert word in page.text()
    approve(loop, "R-303", "E204", "backend-dev", chat="people", requested_by="Li Lei")
    approve(loop, "R-304", "E311", "contractor", chat="dev", expires="30d")
    approve(loop, "R-305", "E412", "data-analist")
    for request in ("R-303", "R-304", "R-305"):
        page.wait(f"document.querySelector('.list').innerText.includes('{request}')")
    loop.settle()
    page.resize(1440, 900)
    page.wait("!document.querySelector('.list')?.textContent.includes('under way')")
    page.picture(pictures / "request.png")
    page.click("#nav a", "Chats")
    for chat, employee in (("dingtalk", "E123"), ("lark", "E204"), ("wecom", "E311")):
        bubbles = f"[...document.querySelectorAll('.chat.{chat} .bubble')]"
        page.wait(f"{bubbles}.some((b) => b.textContent.includes('{employee}'))")
    page.prefer("dark")
    page.picture(pictures / "chats-dark.png")
    page.prefer("light")
    page.click("#nav a", "Instances")
    page.wait_for("emp-e123")
    page.click("summary", "emp-e123")
    page.wait_for("systemctl restart app.service")
    check(page, cloud.endpoint)


def test_an_operator_finds_mends_and_replays(
    chromium: Browser, tmp_path: Path, pictures: Path
) -> None:
    """A chat with another secret refuses its message; the page survives the cloud's restart."""
    file = tmp_path / "localcloud.yaml"
    file.write_text(CONFIGURATION.read_text().replace(SECRET, f"SEC{'9' * 64}"))
    with lab.running_cloud(tmp_path / "cloud", config=file) as cloud:
        loop = deploy(cloud)
        page = chromium.page(f"{cloud.endpoint}/", 1440, 900)
        page.wait_for("Nothing has happened yet.")
        page.go(f"{cloud.endpoint}/#/requests?state=attention")
        page.wait_for("No request is like that.")
        approve(loop, "R-303", "E303", "contractor")
        page.click("a.row-link", "R-303")
        page.wait("document.querySelector('.detail .badge').textContent.includes('given up')")
        page.wait_for("sign not match")
        page.picture(pictures / "given-up.png")

        cloud.stop()
        page.wait_for("the local cloud does not answer")
        shutil.copy(CONFIGURATION, file)
        cloud.start()
        page.wait("!document.getElementById('live').classList.contains('away')")
        page.click("#nav a", "Dead letters")
        page.wait_for("sign not match")
        page.click("td button", "Replay")
        page.wait_for("There are no dead letters.")
        page.go(f"{cloud.endpoint}/#/requests/R-303")
        page.wait_for("Told in: ops")
        page.wait("document.querySelector('.detail .badge').textContent.includes('Success')")
        # While the cloud was away the browser asked in vain, and says so.
        assert [e for e in page.errors() if "ERR_CONNECTION_REFUSED" not in e] == []


def test_keys_sizes_names_and_languages(
    chromium: Browser, cloud: RunningCloud, loop: Loop, pictures: Path
) -> None:
    """The page is used without a mouse, on a phone, in the dark, by ear and in Chinese."""
    approve(loop, "R-401", "E401", "contractor")
    approve(loop, "R-402", "E402", "no-such-role")
    loop.settle()
    page = chromium.page(f"{cloud.endpoint}/", 1440, 900)
    page.wait("document.querySelectorAll('a.row-link').length > 1")
    page.press("j")
    page.press("j")
    page.press("k")
    page.press("Enter")
    page.wait("location.hash.startsWith('#/requests/') && document.querySelector('.way')")
    # Who types while the list is under way is not interrupted when it comes.
    page.run("window.late = 300; window.answer = fetch")
    page.run(
        "fetch = async (...a) => (await new Promise((d) => setTimeout(d, late)), answer(...a))"
    )
    page.press("Escape")
    page.wait("location.hash === '#/requests'")
    page.press("/")
    page.wait("document.querySelector('.split:not(.has-detail)')")
    page.run("window.late = 0")
    assert page.run("document.activeElement.type") == "search"
    page.fill("input[type=search]", "E402")
    page.wait("document.querySelectorAll('a.row-link').length === 1")
    page.wait_for("Rejected")
    page.press("Escape")
    page.press("3")
    page.wait("location.hash === '#/chats'")

    for width in (360, 768, 1920):
        page.resize(width, 800)
        for view in (*VIEWS, "requests/R-402"):
            page.run(f"location.hash = '#/{view}'")
            page.run("new Promise((done) => setTimeout(done, 120))")
            wide = page.run("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (width, view)
            assert _unnamed(page) == [], view
    page.resize(390, 780)
    page.run("location.hash = '#/requests'")
    page.wait("document.querySelector('.split:not(.has-detail) a.row-link')")
    page.picture(pictures / "phone.png")

    page.resize(1440, 900)
    page.prefer("dark")
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(16, 18, 22)"
    page.run("location.hash = '#/chats'")
    page.click("#theme")
    page.wait("getComputedStyle(document.body).backgroundColor === 'rgb(246, 247, 249)'")
    page.click("#language")
    page.wait("document.querySelector('#nav').textContent.includes('死信')")
    page.run("location.hash = '#/requests/R-402'")
    page.wait_for("已通知")
    page.picture(pictures / "chinese.png")
    module = "import('/_localcloud/page/words.js').then((m) => m.sameWords())"
    assert page.run(module) == []
    check(page, cloud.endpoint)


def test_hostile_text_is_text(chromium: Browser, cloud: RunningCloud, loop: Loop) -> None:
    """In every field of a request, in what a command prints and in messages: nothing runs."""
    approve(
        loop, HOSTILE, HOSTILE, HOSTILE, requested_by=HOSTILE, approved_by=HOSTILE, chat=HOSTILE
    )
    event = approve(loop, "R-66", "E66", "contractor", requested_by=HOSTILE, approved_by=LINK)
    loop.post("dingtalk.member", json.dumps({HOSTILE: [HOSTILE]}).encode())
    api = cloud.client()
    script = f"printf '%s\\n' '{HOSTILE.replace(chr(39), '')}'; exit 3"
    api.rpc(
        "2014-05-26",
        "RunCommand",
        {
            "Type": "RunShellScript",
            "CommandContent": base64.b64encode(script.encode()).decode(),
            "ContentEncoding": "Base64",
            "InstanceId.1": "i-local0002",
            "Tag.1.Key": "provisioning:request",
            "Tag.1.Value": HOSTILE[:40],
        },
    )
    card = {
        "header": {
            "title": {"tag": "plain_text", "content": f"ECS {HOSTILE}"},
            "template": HOSTILE,
        },
        "elements": [
            {"tag": "div", "text": {"tag": "lark_md", "content": LINK}},
            {
                "tag": "action",
                "actions": [
                    {
                        "tag": "button",
                        "text": {"tag": "plain_text", "content": HOSTILE},
                        "url": "javascript:window.owned=1",
                    }
                ],
            },
        ],
    }
    host = cloud.endpoint
    for path, message in (
        ("/open-apis/bot/v2/hook/board-hook", {"msg_type": "interactive", "card": card}),
        (
            "/cgi-bin/webhook/send?key=dev-key",
            {"msgtype": "markdown", "markdown": {"content": f'{LINK}\n<font color="x">y</font>'}},
        ),
    ):
        answer = loop._http.post(f"{host}{path}", json=message)
        assert "ok" in answer.text or "success" in answer.text
    loop.settle()

    page = chromium.page(f"{host}/")
    page.wait("document.querySelectorAll('a.row-link').length > 2")
    ids = page.run(
        "[...document.querySelectorAll('a.row-link')].map((a) => a.getAttribute('href'))"
    )
    views = [*(f"#/{view}" for view in VIEWS), *ids, "#/functions/provisioning-local-run-command"]
    strange = ["#/chats/%E0%A4%A", "#/%", "#/constructor", "#/__proto__"]
    for view in [*views, *strange, f"#/rules?event={event}"]:
        page.run(f"location.hash = {json.dumps(view)}")
        page.wait("document.querySelector('main').children.length > 0")
        page.wait("!document.querySelector('main').textContent.includes('undefined')")
        page.run("new Promise((done) => setTimeout(done, 150))")
        page.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        found = "main img, main script, main iframe, main object, a[href^=javascript]"
        assert page.run(f"document.querySelectorAll({json.dumps(found)}).length") == 0, view
    assert page.run("window.owned ?? 'nothing'") == "nothing"
    check(page, host)


def _unnamed(page: Page) -> list[str]:
    """Return the controls that a screen reader could only call by their kind."""
    spoken = {"button", "link", "textbox", "searchbox", "combobox", "spinbutton"}
    return [
        node["role"]["value"]
        for node in page.call("Accessibility.getFullAXTree")["nodes"]
        if not node.get("ignored")
        and node.get("role", {}).get("value") in spoken
        and not str(node.get("name", {}).get("value", "")).strip()
    ]
