"""Where the parameters of a command stand in its script, as far as a shell is concerned."""

import pytest

from provisioning_policies.shell import Place, is_validated, parameters


@pytest.mark.parametrize(
    ("script", "place"),
    [
        ("echo {{a}}", Place.BARE),
        ("echo {{ a }}", Place.BARE),
        ('echo "{{a}}"', Place.DOUBLE),
        ('echo "x \\" {{a}}"', Place.DOUBLE),
        ("echo '{{a}}'", Place.SINGLE),
        ("echo \\'{{a}}", Place.BARE),
        ("echo 'it'\\''s {{a}}'", Place.SINGLE),
        ("# {{a}}\necho", Place.COMMENT),
        ("echo x # {{a}}\n", Place.COMMENT),
        ("echo x#{{a}}", Place.BARE),
        ("echo ${#list} {{a}}", Place.BARE),
        ("# it's\necho '{{a}}'", Place.SINGLE),
        ("cat <<EOF\n{{a}}\nEOF\n", Place.HEREDOC),
        ("cat <<-EOF\n\tit's {{a}}\n\tEOF\n", Place.HEREDOC),
        ("cat <<'EOF'\n{{a}}\nEOF\n", Place.QUOTED_HEREDOC),
        ("cat <<EOF # it's\nx\nEOF\necho '{{a}}'\n", Place.SINGLE),
        ("cat <<A <<'B'\nx\nA\n{{a}}\nB\n", Place.QUOTED_HEREDOC),
        ("cat <<<word\necho {{a}}", Place.BARE),
        ("cat <<EOF\nnever ends {{a}}", Place.HEREDOC),
        ("true\nexit\n\n# a: {{a}}\n", Place.TAIL),
        ("true\nexit 0\n# a: {{a}}", Place.TAIL),
        ("true\nexit\n# a: {{a}}\necho\n", Place.COMMENT),
        ("if x; then\n  exit\nfi\n# a: {{a}}\n", Place.COMMENT),
    ],
)
def test_a_parameter_is_found_with_what_surrounds_it(script: str, place: Place) -> None:
    """Quotes, comments, here-documents and the final exit decide what the shell does."""
    (found,) = parameters(script)
    assert ("a", place) == (found.name, found.place)


def test_parameters_are_found_by_line() -> None:
    """Each occurrence counts; those that Cloud Assistant fills in itself do not."""
    script = "echo {{a}}\necho {{ACS::InstanceId}} '{{b-c}}' {{a}}\n"
    assert [(p.name, p.line) for p in parameters(script)] == [("a", 1), ("b-c", 2), ("a", 2)]


@pytest.mark.parametrize(
    ("script", "validated"),
    [
        ("a='{{a}}'\n[[ $a =~ ^x$ ]]", True),
        ("a='{{a}}'\n[[ ! ${a} =~ ^x$ ]]", True),
        ("a='{{a}}'\n[[ \"${a:-}\" =~ ^x$ ]]", True),
        ("who='{{a}}'\n[[ $who =~ ^x$ ]]", True),
        ("a='{{a}}'\ncase $a in x) ;; *) exit 2 ;; esac", True),
        ("a='{{a}}'\ncase \"${a}\" in *[!a-z]*) return 2 ;; esac", True),
        ("a='{{a}}'\ncase $a in x) ;; esac", False),
        ("a='{{a}}'\n[[ $a =~ .* ]]", False),
        ("a='{{a}}'\n[[ $a =~ ^[a-z] ]]", False),
        ("a='{{a}}'\n[[ $a =~ ^.+$ ]]", False),
        ("exit\n# a: {{a}}\n", False),
        ("a='{{a}}'\n[[ $ab =~ ^x$ ]]", False),
        ("a='{{a}}'\n[[ $a == x ]]", False),
    ],
)
def test_a_comparison_with_a_pattern_is_found(script: str, validated: bool) -> None:
    """The value counts as validated if the script compares its variable with a pattern."""
    assert is_validated(script, "a") == validated
