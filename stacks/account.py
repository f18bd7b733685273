"""Compares the account of the credentials with the stack's, before anything is made in it."""

import pulumi

from stacks import samples
from stacks.identity import Identity
from stacks.remedies import report, wrong_setting
from stacks.settings import Settings


def check(settings: Settings, stack: str, asked: Identity) -> None:
    """Stop the program, in a preview too, if the credentials belong to another account.

    The identity is asked of the cloud. ``get_account`` would not do: where the provider is told an
    account id, by ``alicloud:accountId`` or a variable, it answers with that. A stack whose account
    is that of an example hears at once of all other examples in its settings.

    Raises:
        pulumi.RunError: if they belong to another, or the cloud does not say to which.
    """
    try:
        identity = asked.result()
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise pulumi.RunError(
            f"stack '{stack}': the cloud does not say whose the credentials are, nothing was "
            f"changed; check that they are set and not expired ({reason})"
        ) from None
    expected = settings.account_id
    if identity.account_id != expected:
        problem = wrong_setting(
            ("account_id",),
            f"the stack is in account {expected}, but the credentials are those of account "
            f"{identity.account_id} ({identity.arn}); use credentials of {expected}, or, if the "
            "stack is meant to be in the other account, type",
            identity.account_id,
        )
        more = samples.samples(settings) if expected in samples.ACCOUNTS else ()
        raise pulumi.RunError(report(stack, [problem, *more]))
