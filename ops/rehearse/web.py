"""Questions about the HTTP trigger of a function, which native approvals are pushed to."""

import json

from functions.cloud.errors import UnreachableError
from functions.cloud.web import Answer
from ops.rehearse.api import Api, Refused
from ops.rehearse.findings import Finding, either, look
from ops.rehearse.probe import ANSWER, ANSWERED, RAISE
from ops.rehearse.stage import Names, Stage, refused
from ops.rehearse.things import Thing

_CONFIG = {"authType": "anonymous", "methods": ["POST"], "disableURLInternet": False}
_ASKED = ("http-answer", "http-exception")


class Web:
    """A public URL of the rehearsal's function, for as long as the rehearsal takes."""

    def __init__(self, names: Names) -> None:
        self._path = f"/functions/{names.function}/triggers"
        self.trigger = Thing("HTTP trigger of function", names.function, self._make, self._remove)
        self._found: dict[str, Answer | str] = {}
        self._no_url: Finding | None = None

    @property
    def things(self) -> list[Thing]:
        """Return the trigger."""
        return [self.trigger]

    def act(self, stage: Stage) -> None:
        """Post an order to answer, and one to fail."""
        if str(self.trigger) in stage.refusals:
            return
        try:
            made = stage.api.fc("GetTrigger", "GET", f"{self._path}/rehearsal-web")
        except Refused as refusal:
            self._no_url = refused(refusal)
            return
        url = str((made.get("httpTrigger") or {}).get("urlInternet") or "")
        for case, do in (("http-answer", ANSWER), ("http-exception", RAISE)):
            self._found[case] = self._post(stage, url, case, do)

    def is_open(self, _stage: Stage) -> bool:
        """Return that nothing is still to come."""
        return False

    def findings(self, stage: Stage) -> dict[str, Finding]:
        """Return the answers."""
        if nothing := stage.unasked(self.trigger) or self._no_url:
            return dict.fromkeys(_ASKED, nothing)
        return {case: self._judged(case) for case in _ASKED}

    def _judged(self, case: str) -> Finding:
        answer = self._found.get(case, "it was not asked")
        if isinstance(answer, str):
            return look(answer)
        text = answer.body.decode("utf-8", "replace")
        shown = f"HTTP {answer.status}, {' '.join(text.split())[:120] or 'empty'}"
        if case == "http-exception":
            return either(answer.status >= 500, shown)
        wanted = (ANSWERED["statusCode"], ANSWERED["body"])
        return either((answer.status, text) == wanted, shown)

    @staticmethod
    def _post(stage: Stage, url: str, case: str, do: str) -> Answer | str:
        body = json.dumps({"rehearse": {"case": case, "do": do}}).encode()
        try:
            return stage.send("POST", url, {"content-type": "application/json"}, body, 30.0)
        except (UnreachableError, ValueError) as problem:
            return f"the URL could not be reached: {problem}"

    def _make(self, api: Api) -> object:
        body = {
            "triggerName": "rehearsal-web",
            "triggerType": "http",
            "qualifier": "LATEST",
            "triggerConfig": json.dumps(_CONFIG),
        }
        return api.fc("CreateTrigger", "POST", self._path, body)

    def _remove(self, api: Api) -> bool:
        try:
            api.fc("DeleteTrigger", "DELETE", f"{self._path}/rehearsal-web")
        except Refused as refusal:
            if not refusal.is_absence:
                raise
            return False
        return True
