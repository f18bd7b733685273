"""Questions about CloudMonitor: whether the metrics exist on which the alarms rest."""

import json
from collections.abc import Sequence
from typing import Any

from ops.rehearse.api import METRICS, Refused
from ops.rehearse.findings import Finding, either, look
from ops.rehearse.stage import Stage
from ops.rehearse.things import Thing

_ALARMED = ("FunctionFunctionErrors", "FunctionServerErrors")
_QUEUES = "NumberOfMessagesVisible"


class Metrics:
    """CloudMonitor's own list of metrics; nothing is made."""

    def __init__(self) -> None:
        self._found: dict[str, list[dict[str, Any]] | str] = {}

    @property
    def things(self) -> Sequence[Thing]:
        """Return nothing."""
        return ()

    def act(self, stage: Stage) -> None:
        """Ask for the metrics of functions and of queues."""
        for namespace in ("acs_fc", "acs_smq"):
            try:
                answer = stage.api.call(
                    METRICS, "DescribeMetricMetaList", Namespace=namespace, PageSize=1000
                )
            except Refused as refusal:
                self._found[namespace] = str(refusal)
            else:
                self._found[namespace] = answer.get("Resources", {}).get("Resource") or []

    def is_open(self, _stage: Stage) -> bool:
        """Return that nothing is still to come."""
        return False

    def findings(self, _stage: Stage) -> dict[str, Finding]:
        """Return the answers."""
        return {
            "function-metrics": self._listed("acs_fc", _ALARMED, "Value"),
            "queue-metrics": self._listed("acs_smq", (_QUEUES,), ""),
        }

    def _listed(self, namespace: str, names: Sequence[str], statistic: str) -> Finding:
        found = self._found.get(namespace, "it was not asked")
        if isinstance(found, str):
            return look(f"aliyun cms DescribeMetricMetaList --Namespace {namespace} ({found})")
        by_name = {metric.get("MetricName"): metric for metric in found}
        missing = [name for name in names if name not in by_name]
        if missing:
            return either(False, f"{namespace} has no {', '.join(missing)}")
        shown = {
            name: {key: by_name[name].get(key) for key in ("Dimensions", "Statistics", "Periods")}
            for name in names
        }
        has = all(statistic in str(by_name[name].get("Statistics", "")) for name in names)
        return either(has, json.dumps(shown))
