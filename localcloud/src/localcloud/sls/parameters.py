"""Parameters of Simple Log Service that an SDK can send and on which nothing here acts."""

from collections.abc import Mapping, Sequence

REFUSED: Mapping[str, Sequence[str]] = {
    "CreateIndex": ("scan_index",),
    "CreateLogStore": ("enableModify", "processorId", "resourceGroupId", "shardingPolicy"),
    "CreateProject": ("recycleBinEnabled", "resourceGroupId"),
    "GetLogs": ("forward", "highlight", "isAccurate", "powerSql", "session"),
    "GetLogsV2": ("forward", "highlight", "isAccurate", "powerSql", "session"),
    "ListLogStores": ("mode", "telemetryType"),
    "ListProject": ("description", "fetchQuota", "resourceGroupId"),
    "ListTagResources": ("tags",),
    "UpdateIndex": ("scan_index",),
    "UpdateLogStore": ("shardingPolicy",),
    "UpdateProject": ("recycleBinEnabled",),
}
"""By action: refused when they say something, in the query as in the body."""

IGNORED: Mapping[str, Mapping[str, str]] = {
    "CreateProject": {"dataRedundancyType": "nothing is kept more than once"},
    "DeleteProject": {"forceDelete": "there is no recycle bin: what is deleted is gone"},
    "GetProject": {"crossRegion": "there is one region"},
}
