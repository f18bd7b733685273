"""Every word that people read, in English and Chinese."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own, as wide as its characters.

from typing import NamedTuple

from functions.report.output import bounded

ENGLISH = "en"
CHINESE = "zh"

_LABELS = {
    "status": ("Status", "状态"),
    "employee": ("Employee", "员工"),
    "role": ("Role", "角色"),
    "request": ("Request", "申请单"),
    "account": ("Account", "账号"),
    "instance": ("Instance", "实例"),
    "instances": ("Instances", "实例数"),
    "invocation": ("Invocation", "执行"),
    "exit_code": ("Exit code", "退出码"),
    "duration": ("Duration", "耗时"),
    "requested_by": ("Requested by", "申请人"),
    "approved_by": ("Approved by", "审批人"),
    "reason": ("Reason", "原因"),
    "output": ("Output (last lines)", "输出（末尾）"),
    "dropped": ("{} more bytes of output were not kept", "另有 {} 字节输出未保留"),
    "repeat": (
        "This request had been made before; it was not run again. This is the first one's result.",
        "该申请此前已提交过，本次未再次执行。以下为首次执行的结果。",
    ),
    "source": ("Source", "来源"),
    "script": ("script", "脚本"),
}

_HEADLINES = {
    ("Success", "provision"): ("Provisioned", "开通成功"),
    ("Success", "deprovision"): ("Deprovisioned", "回收成功"),
    ("Rejected", "provision"): ("Provisioning rejected", "开通申请被拒绝"),
    ("Rejected", "deprovision"): ("Deprovisioning rejected", "回收申请被拒绝"),
    ("Timeout", "provision"): ("Provisioning timed out", "开通超时"),
    ("Timeout", "deprovision"): ("Deprovisioning timed out", "回收超时"),
    ("Cancelled", "provision"): ("Provisioning cancelled", "开通已取消"),
    ("Cancelled", "deprovision"): ("Deprovisioning cancelled", "回收已取消"),
    ("Terminated", "provision"): ("Provisioning stopped", "开通已终止"),
    ("Terminated", "deprovision"): ("Deprovisioning stopped", "回收已终止"),
    ("", "provision"): ("Provisioning failed", "开通失败"),
    ("", "deprovision"): ("Deprovisioning failed", "回收失败"),
}

_REASONS = {
    "unreadable-event": (
        "the event could not be read",
        "无法读取该事件",
    ),
    "unknown-source": (
        "events of source {source} are not accepted here",
        "此处不接受来源 {source} 的事件",
    ),
    "no-token": (
        "the sender did not show the secret that this source asks for (header"
        " X-Provisioning-Token); event {event}",
        "发送方未提供该来源要求的密钥（请求头 X-Provisioning-Token）；事件 {event}",
    ),
    "wrong-token": (
        "the sender's secret (header X-Provisioning-Token) is not the right one; event {event}",
        "发送方的密钥（请求头 X-Provisioning-Token）不正确；事件 {event}",
    ),
    "unreadable-body": (
        "what was posted is not a JSON object",
        "提交的内容不是 JSON 对象",
    ),
    "no-time": (
        "the event does not say when it happened",
        "事件缺少发生时间",
    ),
    "stale": (
        "the approval is {age} old, and after {limit} it is not run any more; please approve again",
        "该审批已过去 {age}，超过 {limit} 不再执行，请重新审批",
    ),
    "unknown-type": (
        "detail-type is {value}; accepted: ProvisionRequest, DeprovisionRequest",
        "detail-type 为 {value}；可用值：ProvisionRequest、DeprovisionRequest",
    ),
    "no-detail": (
        "detail is missing; it must be an object with emp_id and role",
        "缺少 detail；它必须是包含 emp_id 和 role 的对象",
    ),
    "missing": (
        "{field} is missing",
        "缺少 {field}",
    ),
    "not-text": (
        "{field} is {value}, not a text; send it in quotes",
        "{field} 的值 {value} 不是文本，请加引号发送",
    ),
    "malformed": (
        "{field} is {value}; accepted: {accepted}",
        "{field} 的值为 {value}；要求：{accepted}",
    ),
    "unknown-role": (
        "role {value} is not in the catalogue; it has: {accepted}",
        "角色 {value} 不在目录中；可用角色：{accepted}",
    ),
    "no-deprovision": (
        "removing accounts is not set up here",
        "此处未配置账号回收",
    ),
    "no-instances": (
        "role {value} has no instance to run on; an administrator has to add one",
        "角色 {value} 没有可执行的实例，请管理员配置",
    ),
    "used-before": (
        "request_id {request} was already used for {emp_id} as {role} ({invocation});"
        " a new request needs an id of its own",
        "申请单号 {request} 已用于 {emp_id}（{role}，{invocation}）；新申请请使用新的单号",
    ),
    "refused": (
        "{action} was refused by the cloud: {code} {message}",
        "云端拒绝了 {action}：{code} {message}",
    ),
}

# What the exit codes of provision.sh and deprovision.sh mean; their README has the whole table.
_EXIT_CODES = {
    1: ("the script has a fault", "脚本出错"),
    2: ("the script did not accept the request", "脚本未接受该申请"),
    3: ("the host lacks something", "主机缺少必要条件"),
    4: ("the result could not be verified", "执行结果未通过核对"),
    5: ("the account belongs to somebody else", "账号不属于该员工或不由本系统管理"),
    6: ("something else kept the host locked; try again", "主机被其他操作占用，请重试"),
    7: ("a package could not be installed", "软件包无法安装"),
    8: ("the account or its home could not be changed", "账号或主目录无法修改"),
    9: ("the sudo rules could not be given", "sudo 规则无法生效"),
    10: ("the host's files could not be written", "主机文件无法写入"),
    11: ("processes of the employee do not end", "该员工的进程无法结束"),
}

_RULES = {
    "emp_id": (
        "1 to 32 letters, digits or, between these, dots, hyphens or underscores",
        "1 至 32 位字母或数字，中间可含点、连字符或下划线",
    ),
    "role": (
        "1 to 32 lower-case letters, digits or hyphens, beginning with a letter",
        "1 至 32 位小写字母、数字或连字符，以字母开头",
    ),
    "request_id": (
        "1 to 128 letters, digits or . _ : / @ + = # - without spaces",
        "1 至 128 位字母、数字或 . _ : / @ + = # -，不含空格",
    ),
    "chat": (
        "1 to 32 lower-case letters, digits or hyphens, beginning with a letter",
        "1 至 32 位小写字母、数字或连字符，以字母开头",
    ),
    "name": (
        "1 to 64 letters, digits, spaces or . _ @ ' ( ) · - of a name",
        "1 至 64 位姓名字符（字母、数字、空格及 . _ @ ' ( ) · -）",
    ),
}

_UNITS = {ENGLISH: ("s", "min", "h", "d"), CHINESE: ("秒", "分", "小时", "天")}


class Rule(NamedTuple):
    """Stands in a reason for what a field may hold."""

    field: str


class Span(NamedTuple):
    """Stands in a reason for a length of time."""

    seconds: int


class Reason(NamedTuple):
    """Why something was refused: a code for programs, and the words for people."""

    code: str
    values: tuple[tuple[str, str | Rule | Span], ...] = ()

    def text(self, language: str) -> str:
        """Say it in a language; values are cut, so that no sender can fill a chat with one."""
        shown = {name: _shown(value, language) for name, value in self.values}
        return _REASONS[self.code][_index(language)].format(**shown).strip()


def because(code: str, /, **values: str | Rule | Span) -> Reason:
    """Make a reason."""
    return Reason(code, tuple(values.items()))


def exit_code(code: object, language: str) -> str:
    """Return what an exit code of our scripts means; nothing for one that they do not have."""
    known = _EXIT_CODES.get(code) if isinstance(code, int) else None
    return known[_index(language)] if known else ""


def label(name: str, language: str) -> str:
    """Return a field's name for people."""
    return _LABELS[name][_index(language)]


def headline(status: str, action: str, language: str) -> str:
    """Say in one or two words what happened."""
    key = status if (status, action) in _HEADLINES else ""
    return _HEADLINES[key, action][_index(language)]


def span(seconds: int, language: str) -> str:
    """Write a length of time with its one or two largest units."""
    units = _UNITS.get(language, _UNITS[ENGLISH])
    parts = (seconds % 60, seconds // 60 % 60, seconds // 3600 % 24, seconds // 86_400)
    shown = [f"{n} {unit}" for n, unit in zip(parts, units, strict=True) if n][::-1]
    return " ".join(shown[:2]) or f"0 {units[0]}"


def _index(language: str) -> int:
    return 1 if language == CHINESE else 0


def _shown(value: str | Rule | Span, language: str) -> str:
    if isinstance(value, Rule):
        return _RULES[value.field][_index(language)]
    if isinstance(value, Span):
        return span(value.seconds, language)
    return bounded(value, 160)
