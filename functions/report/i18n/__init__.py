"""What people read, in the languages of the chats.

A language is a module with a table of words, and a member of :class:`Language`.
"""

from typing import assert_never

from functions.report.i18n.table import Words
from functions.request.deployment import Language


def words(language: Language) -> Words:
    """Return the words of a language; only those that are asked for are imported."""
    match language:
        case Language.ENGLISH:
            from functions.report.i18n.english import WORDS as ENGLISH  # noqa: PLC0415

            return ENGLISH
        case Language.CHINESE:
            from functions.report.i18n.chinese import WORDS as CHINESE  # noqa: PLC0415

            return CHINESE
        case _:
            assert_never(language)
