"""Names of a queue: each place has a form of its own."""

from components import names, permissions
from tests.unit.fake_engine import FakeEngine

WHERE = ("cn-hangzhou", "1234567890123456", "loop-chats")


def test_each_place_names_a_queue_in_its_own_form(engine: FakeEngine) -> None:
    """A rule's target has no slash, a dead-letter setting has one, RAM means the messages."""
    found = engine.run(
        lambda: {
            "target": names.queue_endpoint(*WHERE),
            "dead letters": names.queue_arn(*WHERE),
            "messages": names.messages_arn(*WHERE),
        }
    )
    assert {place: value for place, (value, _) in found.items()} == {
        "target": "acs:mns:cn-hangzhou:1234567890123456:queues/loop-chats",
        "dead letters": "acs:mns:cn-hangzhou:1234567890123456:/queues/loop-chats",
        "messages": "acs:mns:cn-hangzhou:1234567890123456:/queues/loop-chats/messages",
    }


def test_sending_and_receiving_are_apart(engine: FakeEngine) -> None:
    """Who sends may not receive, and the other way round."""
    actions: list[set[str]] = []

    def program() -> None:
        actions.append(set(permissions.send_messages(*WHERE)["actions"]))
        actions.append(set(permissions.receive_messages(*WHERE)["actions"]))

    engine.run(program)
    sends, receives = actions
    assert sends == {"mns:SendMessage"}
    assert not sends & receives
