"""What is kept of a long output: what the agent had passed on, and the end."""

from localcloud.sandbox.limits import OUTPUT_LIMIT_BYTES
from localcloud.sandbox.output import Output


def test_short_output_is_whole() -> None:
    """However long the script takes."""
    output = Output(0.0)
    for second in range(1, 6):
        output.add(b"x" * 1000)
        output.pass_on(float(second))
    assert (output.kept(), output.dropped) == (b"x" * 5000, 0)


def test_of_quick_output_the_end_is_kept() -> None:
    """Nothing was passed on before the script ended."""
    output = Output(0.0)
    output.add(b"begin" + b"x" * OUTPUT_LIMIT_BYTES + b"end")
    output.pass_on(0.9)
    assert output.kept() == b"x" * (OUTPUT_LIMIT_BYTES - 3) + b"end"
    assert output.dropped == len(b"begin") + 3


def test_of_slow_output_the_middle_is_dropped() -> None:
    """As the agent reported 60,010 bytes in six seconds: 6,144 from the beginning, then the end."""
    output = Output(0.0)
    output.add(b"begin\n")
    for tenth in range(1, 61):
        output.add(b"b" * 1000)
        output.pass_on(tenth / 10)
    output.add(b"end\n")
    kept = output.kept()
    assert (len(kept), output.dropped) == (OUTPUT_LIMIT_BYTES, 35_434)
    assert kept == b"begin\n" + b"b" * (OUTPUT_LIMIT_BYTES - 10) + b"end\n"


def test_no_more_is_passed_on_than_there_is() -> None:
    """A script that writes little at first has little passed on; a late look makes up for it."""
    output = Output(0.0)
    output.add(b"begin\n")
    output.pass_on(2.5)
    output.add(b"x" * 2 * OUTPUT_LIMIT_BYTES)
    assert output.kept() == b"begin\n" + b"x" * (OUTPUT_LIMIT_BYTES - 6)
    output.pass_on(60.0)
    assert len(output.kept()) == OUTPUT_LIMIT_BYTES
