"""A chat is never sent more than its platform takes, whatever happens."""

from hypothesis import given
from hypothesis import strategies as st

from functions.platforms import platform
from functions.platforms.base import ChatPlatform, Rate
from functions.post_to_chat.budget import Bucket
from tests.unit.functions.samples import NOW, patient

LATEST_SECONDS = 7.0
"""How late a message may reach the platform after its token was taken."""
DINGTALK = platform(ChatPlatform.DINGTALK).rate


def test_the_rates_keep_below_what_platforms_take() -> None:
    """DingTalk and WeCom take 20 in a minute, Lark 100 and 5 in a second."""
    for name, in_a_minute in ((ChatPlatform.DINGTALK, 16), (ChatPlatform.LARK, 60)):
        assert platform(name).rate.most_in(60 + LATEST_SECONDS) <= in_a_minute
    assert platform(ChatPlatform.LARK).rate.most_in(1) <= 4


@patient
@given(
    st.sampled_from(ChatPlatform),
    st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=120),
)
def test_no_cold_start_lets_more_through(
    name: ChatPlatform, steps: list[tuple[float, bool]]
) -> None:
    """In any 60 seconds the budget holds, however often an instance begins anew from its notes."""
    rate = platform(name).rate
    now, sent = NOW, list[float]()
    bucket = Bucket.refilled(rate, sent, now)
    for seconds, cold in steps:
        now += seconds
        if cold:
            bucket = Bucket.refilled(rate, sent, now)
        while bucket.take(now):
            sent.append(now)
    most = rate.most_in(60)
    assert all(sum(t <= u < t + 60 for u in sent) <= most for t in sent)


def test_a_bucket_that_nobody_knows_is_empty() -> None:
    """Without notes the budget of the minute before is taken as spent."""
    bucket = Bucket(DINGTALK, 0.0, NOW)
    assert [bucket.take(NOW), bucket.take(NOW + 7.5), bucket.take(NOW + 8)] == [False, True, False]


def test_a_quiet_minute_fills_the_bucket() -> None:
    """After a minute without messages a burst may go out at once."""
    bucket = Bucket.refilled(DINGTALK, [], NOW)
    assert sum(bucket.take(NOW) for _ in range(20)) == DINGTALK.burst
    assert bucket.seconds_until(1, NOW) == DINGTALK.seconds_each


def test_a_clock_that_goes_back_gives_no_tokens() -> None:
    """Clocks of instances differ a little."""
    bucket = Bucket(Rate(2, 10.0), 0.0, NOW)
    assert not bucket.take(NOW - 100)
    assert not bucket.take(NOW + 9)
    assert bucket.take(NOW + 10)
