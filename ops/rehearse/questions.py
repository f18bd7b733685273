"""Every question about Alibaba Cloud that its documentation leaves open, and what hangs on it.

The rehearsal answers what an account can answer; the rest says where to look. The table in
``docs/open-questions.md`` is written from this one.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Question(NamedTuple):
    """An open question."""

    asks: str
    if_yes: str
    """What the deployed loop does then."""
    if_no: str
    """What it does otherwise."""
    on_path: bool = False
    """Whether an approval's way to the message in its chat leads over it."""
    otherwise: str = "works"
    """What an approval on whose way it lies does under the answer that is not expected: ``works``,
    ``setting`` (once a setting is changed) or ``loud`` (it stops where it can be seen)."""
    reading: str = ""
    """The local cloud's setting that plays both answers (``localcloud/readings.py``)."""
    look: str = ""
    """Where to look; empty if the rehearsal answers it."""


QUESTIONS: Mapping[str, Question] = {
    "function-target": Question(
        "Does a rule call a function of Function Compute 3.0 that is named by its ARN, without a "
        "service?",
        "functions are woken at once by the rules that put events into their queues",
        "accepted and never called: their timers read the queues within a minute. Refused: "
        "`make up` stops at the rule, naming the code; then `function_delivery: stream`, in which "
        "rules only write into queues",
        on_path=True,
        otherwise="setting",
        reading="function_3_target",
    ),
    "one-event": Question(
        "Does such a call get one event, not a list?",
        "as expected",
        "as well: a function takes a list for a wake, and its queue has the event. Only with "
        "`function_delivery: direct` does it find nothing there: `make smoke` fails",
        on_path=True,
    ),
    "constant-body": Question(
        "Does a rule's target take `InvocationType` Async with a constant as `Body`?",
        "functions are woken at once",
        "their timers read the queues within a minute",
        on_path=True,
    ),
    "sync-exception": Question(
        "Does a function that raises count as a failed delivery of a rule that waits for it?",
        "the rule's retries are a second net",
        "nothing is lost: the functions try again, put things back and bury them by their own hand",
        on_path=True,
        reading="exceptions",
    ),
    "async-exception": Question(
        "Is an asynchronous call repeated as often as its configuration says when the function "
        "raises?",
        "a call that died is made again",
        "nothing is lost: the event is in the function's queue until it has been handled, also "
        "when Function Compute itself fails after it has accepted a call, which is never "
        "repeated. Only with `function_delivery: direct` is it then in the archive alone",
        on_path=True,
    ),
    "outcome": Question(
        "Does the record of a failed asynchronous call reach a queue that is named "
        "`acs:mns:<region>:<account>:/queues/<name>/messages`, in a form that `make replay` reads?",
        "such a destination could be configured as one more net",
        "nothing rests on it: the loop's functions have no destinations",
    ),
    "empty-half": Question(
        "Is an asynchronous configuration with an empty half of destinations accepted?",
        "a destination for failures alone could be configured",
        "as expected: the loop sends no destinations, so its configuration is accepted",
    ),
    "dead-letter": Question(
        "Does a dead letter of a rule have a form that `make replay` reads?",
        "undeliverable events are listed, and published again",
        "`make replay` names what it cannot read and leaves it; by hand from the archive",
        reading="dead_letter",
    ),
    "queue-base64": Question(
        "Is the message that a rule's queue target writes base64 of the event?",
        "as configured (`IsBase64Encode`)",
        "the functions read both",
        on_path=True,
    ),
    "published-time": Question(
        "Do events carry `aliyunpublishtime` in a form that can be read?",
        "the moment of a request is the earlier of it and the event's time",
        "the moment is the event's time, which the source stamps for a post",
        on_path=True,
    ),
    "posted-time": Question(
        "Does the event of a post carry a time that the source stamped?",
        "it is the moment of the request",
        "`aliyunpublishtime` is",
        on_path=True,
    ),
    "unregistered-source": Question(
        "Does a bus take events of a source that is not registered on it?",
        "results reach the chats",
        "PutEvents refuses the result: `make smoke` fails at the first result, and the results "
        "wait among the dead letters",
        on_path=True,
        otherwise="loud",
    ),
    "event-id": Question(
        "Does PutEvents take an id with other characters than letters, digits and hyphens?",
        "as well: no id of the loop has any",
        "as expected: no id of the loop has any",
        on_path=True,
        reading="event_ids",
    ),
    "default-bus": Question(
        "Does PutEvents take events for bus `default`?",
        "a dead letter of the rule `…-invocation-finished` can be published again",
        "it stays in the queue; the same request again is answered with the first run's result",
    ),
    "source-again": Question(
        "Does PutEvents take an event that names an HTTPS source as its source?",
        "`make replay` publishes approvals again",
        "`make replay` leaves them and says so; post the body to the webhook again",
    ),
    "empty-pattern": Question(
        "Does a rule with the pattern `{}` match every event?",
        "the archive could use it",
        "nothing rests on it: the archive's rule names its sources",
        reading="empty_pattern",
    ),
    "rule-reads-back": Question(
        "Does GetRule return targets as they were sent?",
        "`make preview` shows no change that nobody made",
        "each preview shows the rule as changed, and the drift issue does too: say so in an issue "
        "of the project, with the answer's words",
    ),
    "dingtalk-path": Question(
        "Does the target `acs.dingtalk` take a finished message by JSONPATH?",
        "chats with `delivery: webhook` work",
        "leave them at `delivery: function`, the default",
    ),
    "linked-source": Question(
        "Does an HTTPS source that is made with `LinkedExternalSource` get a URL?",
        "as expected",
        "`make up` fails, because a source without a URL is an error of the program",
        on_path=True,
        otherwise="loud",
    ),
    "unlinked-source": Question(
        "Does one that is made without it get a URL?",
        "as well: the loop's sources are linked",
        "as expected: the loop's sources are linked",
        on_path=True,
        reading="unlinked_source",
    ),
    "headers": Question(
        "Does the header `X-Provisioning-Token` of a post reach the function?",
        "a source can ask for a secret of its own (`token_required`)",
        "every request of such a source is told as refused for want of a token: take "
        "`token_required` away and limit the source by `allowed_ips`",
        on_path=True,
        otherwise="setting",
        reading="custom_headers",
    ),
    "authorization-header": Question(
        "Does the header `Authorization` of a post reach the event?",
        "it lies in the archive: send no secret in it",
        "as expected; the loop does not read it",
    ),
    "numbers": Question(
        "Do whole numbers in a post stay whole numbers?",
        "as well: what is not text is refused with that reason",
        "as expected: what is not text is refused with that reason",
        on_path=True,
    ),
    "sender-address": Question(
        "Does an event name the address that posted it?",
        "`aliyunpublishaddr` in the archive tells what belongs in `allowed_ips`",
        "ask the platform, or leave `allowed_ips` empty",
    ),
    "webhook-answer": Question(
        "Is a post that became an event answered with HTTP 200?",
        "the automation's history shows success",
        "the automation shows a failure although the request ran; its repetition is harmless",
    ),
    "webhook-refusal": Question(
        "Is a post that is not a JSON object answered with an error?",
        "the automation's history shows it",
        "such an approval disappears without a word: make its fields select fields",
    ),
    "webhook-stranger": Question(
        "Is a post with a wrong token in the URL answered with an error?",
        "the automation's history shows a URL that was copied badly",
        "it shows success: compare the URL with the stack's output",
    ),
    "queue-trigger": Question(
        "Does Function Compute call a function with the messages of a queue?",
        "`function_delivery: stream` is woken at once",
        "its timers read the queues within a minute",
        on_path=True,
    ),
    "async-invocation-type": Question(
        "Does `asyncInvocationType` true in such a trigger mean asynchronous calls?",
        "as the pages of 2024 say",
        "as the SDK's comments say. Nothing rests on it: the trigger only wakes the function",
        on_path=True,
        reading="async_invocation_type",
    ),
    "stream-elements": Question(
        "Does such a trigger hand over a list of texts?",
        "the functions read it",
        "the functions read objects as well, and one event alone",
        on_path=True,
        reading="stream_elements",
    ),
    "http-answer": Question(
        "Does an HTTP trigger answer with the status and the body that a function returns?",
        "platforms accept the URL of native approvals",
        "they refuse it when it is entered, because their handshake is not answered",
    ),
    "http-exception": Question(
        "Does an HTTP trigger answer an exception with an error status?",
        "as expected; `receive-approval` answers by itself all the same",
        "nothing rests on it: `receive-approval` answers by itself",
    ),
    "runtime-key": Question(
        "Does a function of Python 3.12 find its role's key in the environment?",
        "as expected",
        "it is read from the call's context, where the older runtimes have it",
        on_path=True,
    ),
    "runtime-packages": Question(
        "Does the Python 3.12 runtime have the package `cryptography`?",
        "encrypted events of a platform can be read",
        "nothing of the default loop needs it; a source of native approvals does",
    ),
    "queue-from-function": Question(
        "Does a function outside a VPC reach the public address of the queues?",
        "as expected",
        "results and removals cannot be put into their queues: `make smoke` fails",
        on_path=True,
        otherwise="loud",
    ),
    "new-role": Question(
        "Can a function write with a role that was made a minute ago?",
        "the first `make up` ends in a loop that works at once",
        "`make smoke` a few minutes later",
    ),
    "sync-status": Question(
        "Does a call that waits get HTTP 200 and `X-Fc-Error-Type` when the function raises?",
        "as the pages of 2.0 say",
        "nothing rests on it",
    ),
    "left-out-parameter": Question(
        "Does a placeholder that a call gives no value stay in the script as it is?",
        "the script takes it as not given",
        "refused: a run by hand must give every parameter. The loop's own calls do",
        reading="left_out_parameter",
    ),
    "client-token": Question(
        "Does a second call with the same `ClientToken` start nothing?",
        "a repeated call is recognised by Cloud Assistant",
        "by the invocation's tag and by the host's record",
        on_path=True,
    ),
    "tag-search": Question(
        "Is an invocation found by its tag within a minute and a half?",
        "a repeated request is answered with the first one's result",
        "the host's record refuses what it has seen; the message says that it is a repeat",
        on_path=True,
    ),
    "running-command": Question(
        "Can a command be deleted while it runs?",
        "as well: the old script is kept until its runs have ended",
        "as expected: the old script is kept until its runs have ended",
    ),
    "completed-event": Question(
        "Does `TaskCompleted` arrive on bus `default` with the fields that the loop reads?",
        "the result is told as soon as the run has ended",
        "accounts are made and no result is told: `make smoke` fails, and the function `watch` "
        "names each request without a result",
        on_path=True,
        otherwise="loud",
    ),
    "stopped-instance": Question(
        "Does a command run on the running instances if another one is stopped?",
        "as well: instances that do not run are left out of the call",
        "as expected: instances that do not run are left out of the call, and named in the message",
        on_path=True,
        reading="stopped_instance",
    ),
    "function-metrics": Question(
        "Does CloudMonitor have the metrics of functions that the alarms name, with the statistic "
        "`Value`?",
        "the second witness works",
        "`make up` may accept alarms that never tell: change `components/error_alarms.py`; the "
        "function `watch` does not need them",
    ),
    "queue-metrics": Question(
        "Does CloudMonitor count the messages of queues as `acs_smq` `NumberOfMessagesVisible`?",
        "an alarm of your own can watch the dead letters",
        "nothing rests on it: the function `watch` peeks",
    ),
    "msg-uuid": Question(
        "Does a DingTalk robot show a message with the same `msgUuid` once?",
        "a message that was sent twice is seen once",
        "it is seen twice",
        look="the chat, after a `post-to-chat` that was cut off",
    ),
    "robot-keyword": Question(
        "Do all of CloudMonitor's messages to a DingTalk robot hold 云监控 or 报警?",
        "the second witness is heard",
        "it is not: take the word that they do hold as the robot's keyword",
        look="CloudMonitor console → alert contacts → the contact → send a test message",
    ),
    "automation-screens": Question(
        "Do the automations of DingTalk and Lark look as the guide says?",
        "as expected",
        "the fields are what counts: method, URL, headers, body",
        look="the platform's automation",
    ),
    "automation-address": Question(
        "Do a platform's automations post from few, fixed addresses?",
        "`allowed_ips` can be set",
        "leave it empty; an address that is not listed is refused without a trace",
        look="`aliyunpublishaddr` of the events in the archive, over some days",
    ),
    "deployer-policy": Question(
        "Does the deployer's policy of the guide suffice at its grain?",
        "as expected",
        "`make up` names the action that is missing",
        look="`make up` with a role that has only this policy",
    ),
    "tag-grown": Question(
        "May an account have any number of values of one tag key?",
        "as expected: each request's id is one on its invocation",
        "`InvokeCommand` is refused one day with a code about tags; the chat says so",
        on_path=True,
        otherwise="loud",
        look="the chats, after some thousand requests",
    ),
}
