"""The refusals of Cloud Assistant, with the codes and sentences of the API reference of ECS.

Sources: the error tables of "CreateCommand", "DeleteCommand", "InvokeCommand",
"RunCommand" and "StopInvocation"; "StopInstance" and its neighbours.
"""

from localcloud.errors import ApiError

_REFUSALS = {
    "CmdContent.DecodeError": (400, "The CommandContent can not be base64 decoded."),
    "CmdContent.ExceedLimit": (403, "The length of the command content exceeds the upper limit."),
    "CmdCount.ExceedQuota": (
        403,
        "The total number of commands in the current region exceeds the quota.",
    ),
    "CmdDesc.ExceedLimit": (
        403,
        "The length of the command description exceeds the upper limit.",
    ),
    "CmdName.ExceedLimit": (403, "The length of the command name exceeds the upper limit."),
    "CmdParam.EmptyKey": (400, "You must specify the parameter names."),
    "CmdParam.InvalidParamName": (
        400,
        "Invalid parameter name. The name can contain only lowercase letters (a to z), uppercase "
        "letters (A to Z), numbers (0 to 9), hyphens (-), and underscores (_).",
    ),
    "CmdParamCount.ExceedLimit": (403, "The maximum number of custom parameters is exceeded."),
    "CmdParamName.ExceedLimit": (403, "The maximum length of a parameter name is exceeded."),
    "Duplicate.ResourceTagKey": (400, "The ResourceTag contains duplicate keys."),
    "Duplicate.TagKey": (400, "The Tag.N.Key contain duplicate key."),
    "IdempotentParameterMismatch": (
        403,
        "The specified parameter has changed while using an already used clientToken.",
    ),
    "InstanceIds.ExceedLimit": (403, "The number of instance IDs exceeds the upper limit."),
    "InvalidClientToken.Malformed": (400, "The specified parameter clientToken is not valid."),
    "IncorrectInstanceStatus": (
        403,
        "The current status of the resource does not support this operation.",
    ),
    "InvalidCmdId.NotFound": (404, "The specified command ID does not exist."),
    "InvalidCmdType.NotFound": (404, "The specified command type does not exist."),
    "InvalidContainerId.Malformed": (400, "The specified parameter ContainerId is not valid."),
    "InvalidContainerName.Malformed": (400, "The specified parameter ContainerName is not valid."),
    "InvalidInstance.NotFound": (404, "The specified instance does not exist."),
    "InvalidInstanceId.NotFound": (404, "The specified InstanceId does not exist."),
    # "InvokeCommand" says that the call fails if one instance is not running or has no agent, and
    # has no code for it in its table; this one is reported by users.
    "InvalidInstance.NotRunning": (403, "The specified instance is not running."),
    "InvalidInstance.NotMatch": (400, "The specified instance type does not match the command."),
    "InvalidInvokeId.NotFound": (404, "The specified invoke ID does not exist."),
    "InvalidLauncher.LengthLimitExceeded": (
        403,
        "The length of the parameter Launcher exceeds the limit of 1 KB characters.",
    ),
    "InvalidParameter.Parameters": (400, "The specified parameter Parameters is not valid."),
    "InvalidParameter.WorkingDir": (400, "The specified parameter WorkingDir is not valid."),
    "InvalidParameterCharset.Parameters": (
        403,
        "The parameter Parameters contains illegal charset.",
    ),
    "InvalidRegionId.NotFound": (404, "The RegionId provided does not exist in our records."),
    "InvalidRepeatMode.NotFound": (404, "The specified repeat mode does not exist."),
    "InvalidResourceTag.ConflictWithInstanceIds": (
        400,
        "The specified param ResourceTag conflicts with InstanceId.",
    ),
    "InvalidResourceTag.InstanceNotFound": (
        400,
        "InstanceIds are not found by the specified ResourceTag.",
    ),
    "InvalidResourceType.NotFound": (404, "The ResourceType provided does not exist."),
    "InvalidResourceTagKey.Malformed": (400, "The specified ResourceTag key is not valid."),
    "InvalidResourceTagValue.Malformed": (400, "The specified ResourceTag value is not valid."),
    "InvalidTagKey.Malformed": (400, "The specified Tag.n.Key is not valid."),
    "InvalidTagValue.Malformed": (400, "The specified Tag.n.Value is not valid."),
    "InvalidTerminationMode.NotFound": (
        404,
        "The specified parameter TerminationMode does not exist.",
    ),
    "InvalidTimeout.ExceedLimit": (403, "The specified parameter Timeout exceeds the upper limit."),
    "MissingParam.InstanceId": (400, "The parameter instanceId is missing or empty."),
    "NumberExceed.ResourceTags": (400, "The maximum number of ResourceTags is exceeded."),
    "NumberExceed.Tags": (400, "The Tags parameter's number is exceed."),
    "Operation.Forbidden": (403, "The operation is not permitted."),
    "Parameter.Disabled": (
        400,
        "Parameters cannot be passed in when the command customization function is disabled.",
    ),
    "Parameter.MissingValue": (400, "The parameter value of this command is required."),
    "Parameter.NotMatched": (
        403,
        "The passed-in parameters do not match the parameters defined when you created the "
        "command.",
    ),
    "ParameterCount.ExceedLimit": (403, "The maximum number of parameters is exceeded."),
    "ParameterKey.Duplicate": (403, "Parameter names cannot be duplicated."),
    "ParameterKey.ExceedLimit": (403, "The maximum length of a parameter name is exceeded."),
    "ParameterType.NotSupported": (403, "The type of parameter value is not supported."),
    "Username.ExceedLimit": (403, "The length of the username exceeds the upper limit."),
    "InvalidStatus.CmdIdInUse": (403, "The specified command is in use."),
}


class EcsError(ApiError):
    """A refusal of ECS: the cloud's sentence, and after it what was given and what is accepted."""

    def __init__(self, code: str, detail: str = "") -> None:
        status, sentence = _REFUSALS[code]
        super().__init__(code, f"{sentence} {detail}".strip(), status)
