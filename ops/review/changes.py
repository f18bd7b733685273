"""What a change does, before anything of it is run: settings, catalogue, and the review itself.

Both revisions are read from git, so a change cannot say what it likes about itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.markdown import code, plain
from ops.review.settings import (
    Unreadable,
    catalogue_changes,
    read,
    roles_of,
    settings_of,
    stack_changes,
)
from ops.revision import git

CATALOGUE = "scripts/provision/roles.yaml"
"""The catalogue of the stacks that name no other."""
_GUARDS = {
    "policies": "the policies",
    "ops/policy": "the run of the policies",
    "ops/review": "the review",
    "ops/behaviour": "the comparison of behaviour",
    "ops/dev": "the scripts that install and check",
    "ops/stack": "how the engine is installed and run",
    ".github": "the workflows",
    "Makefile": "the make targets",
    "requirements.lock": "the locked packages",
    "tests": "the tests",
    "localcloud/tests": "the tests of the local cloud",
}
"""What a change is judged by; a reviewer must see when it changes that, too."""
_MOST = 60


@dataclass(frozen=True)
class Revision:
    """The files of a commit, or of the checkout as it is if it has no name."""

    project: Path
    name: str = ""

    def text(self, path: str) -> str:
        """Return a file's text; an absent file is empty."""
        if not self.name:
            file = self.project / path
            return file.read_text(encoding="utf-8") if file.is_file() else ""
        return git(self.project, "show", f"{self.name}:{path}") if path in self.files() else ""

    def files(self, *below: str) -> set[str]:
        """Return the paths of the files, or of those below some paths."""
        if self.name:
            found = git(self.project, "ls-tree", "-r", "--name-only", self.name, "--", *below)
        else:
            found = git(
                self.project, "ls-files", "--cached", "--others", "--exclude-standard", "--", *below
            )
        return set(found.splitlines())


def introduction(base: Revision, head: Revision) -> list[str]:
    """Return, as lines of Markdown, what changes in each stack and in what judges it."""
    lines = ["#### Settings and catalogue", ""]
    for stack in sorted(_stacks(base) | _stacks(head)):
        found = list(_stack(stack, base, head))
        lines += [f"**{plain(stack)}**: {'' if found else 'nothing'}", *_items(found), ""]
    if found := list(_unused_roles(base, head)):
        lines += ["**Roles that no stack provisions**:", *_items(found), ""]
    if found := list(_guards(base, head)):
        lines += ["**This change also changes what it is judged by**:", *_items(found), ""]
    return lines


def _items(sentences: list[str]) -> Iterator[str]:
    yield from (f"- {sentence}" for sentence in sentences[:_MOST])
    if len(sentences) > _MOST:
        yield f"- ... and {len(sentences) - _MOST} more"


def _stacks(revision: Revision) -> set[str]:
    return {
        name.removeprefix("Pulumi.").removesuffix(".yaml")
        for name in revision.files()
        if "/" not in name and name.startswith("Pulumi.") and name.endswith(".yaml")
        if name != "Pulumi.yaml"
    }


def _stack(stack: str, base: Revision, head: Revision) -> Iterator[str]:
    name = f"Pulumi.{stack}.yaml"
    for revision, word in ((base, "new"), (head, "removed")):
        if not revision.text(name):
            yield f"the stack is {word}"
    try:
        before, after = (read(revision.text(name), name) for revision in (base, head))
        yield from stack_changes(before, after)
        old, new = (_catalogue(r, file) for r, file in ((base, before), (head, after)))
    except Unreadable as problem:
        yield f"**cannot be compared**: {plain(str(problem))}"
        return
    roles = roles_of(before) | roles_of(after)
    if roles:
        yield from (f"catalogue: {change}" for change in catalogue_changes(old, new))
    for role, where in sorted(roles.items()):
        for change in catalogue_changes(old, new, role):
            yield f"catalogue: {change} (provisioned on {where})"


def _catalogue(revision: Revision, stack_file: Mapping[str, Any]) -> Mapping[str, Any]:
    path = str(settings_of(stack_file).get("roles_file") or CATALOGUE)
    return read(revision.text(path), path)


def _unused_roles(base: Revision, head: Revision) -> Iterator[str]:
    try:
        files = [
            read(revision.text(f"Pulumi.{stack}.yaml"), stack)
            for revision in (base, head)
            for stack in _stacks(revision)
        ]
        old, new = (read(revision.text(CATALOGUE), CATALOGUE) for revision in (base, head))
    except Unreadable:
        return  # reported with the stack
    used = {role for file in files for role in roles_of(file)}
    names = {str(role) for catalogue in (old, new) for role in catalogue.get("roles") or {}}
    for role in sorted(names - used):
        yield from catalogue_changes(old, new, role)


def _guards(base: Revision, head: Revision) -> Iterator[str]:
    for path, what in _GUARDS.items():
        changed = sorted(_changed(base, head, path))
        if changed:
            names = ", ".join(code(name) for name in changed[:5])
            more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
            yield f"{what}: {names}{more}"


def _changed(base: Revision, head: Revision, path: str) -> Iterable[str]:
    revisions = [base.name, head.name] if head.name else [base.name]
    found = git(base.project, "diff", "--name-only", *revisions, "--", path).splitlines()
    new = head.files(path) - base.files(path)
    return {*found, *new}
