"""The workflows do nothing that a person cannot do with make, and trust nothing unpinned."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
WORKFLOWS = sorted(path for path in (ROOT / ".github").rglob("*") if path.is_file())
TARGETS = set(
    re.findall(r"^([a-z]+)(?: [a-z ]+)?:(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
) | {"up"}


def jobs() -> list[Any]:
    """Return every job of every workflow."""
    return [
        pytest.param(job, id=f"{path.stem}-{name}")
        for path in WORKFLOWS
        for name, job in yaml.safe_load(path.read_text())["jobs"].items()
    ]


@pytest.mark.parametrize("job", jobs())
def test_steps_are_make_targets_and_scripts(job: dict[str, Any]) -> None:
    """Each command is a make target of the project, a script of it, or fills the summary."""
    commands = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
    strange = [
        line
        for line in commands
        if not (
            (line.startswith("make ") and line.split()[1] in TARGETS)
            or (line.startswith("ops/") and (ROOT / line.split()[0]).exists())
            or line == 'cat .review/comment.md >>"$GITHUB_STEP_SUMMARY"'
        )
    ]
    assert strange == []


@pytest.mark.parametrize("job", jobs())
def test_actions_are_pinned(job: dict[str, Any]) -> None:
    """An action is named by the hash of a commit."""
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert [name for name in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name)] == []


def workflow(name: str) -> dict[Any, Any]:
    """Return a workflow as a structure."""
    content: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())
    return content


def reach(job: dict[str, Any]) -> tuple[str, ...]:
    """Return what a job can reach: environment, secrets, and rights beyond reading the code."""
    text = yaml.safe_dump(job)
    named = set(re.findall(r"secrets\.(\w+)", text))
    # Another form would be another way to the same: secrets['X'], toJSON(secrets).
    assert text.count("secrets") == len(re.findall(r"\$\{\{ secrets\.\w+ \}\}", text))
    named |= {f"{right}: {level}" for right, level in job["permissions"].items()}
    environment = job.get("environment", "")
    return (environment, *sorted(named - {"contents: read"}))


PREVIEW = "${{ matrix.stack }}-preview"
PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"
REACH = {
    ("pull-request.yml", "check"): ("",),
    ("pull-request.yml", "test"): ("",),
    ("pull-request.yml", "judge"): ("",),
    ("pull-request.yml", "gate"): ("", "actions: read"),
    ("pull-request.yml", "plan"): (PREVIEW, PASSPHRASE, "id-token: write"),
    ("pull-request.yml", "comment"): ("", "pull-requests: write"),
    ("drift.yml", "compare"): ("${{ matrix.stack }}-drift", PASSPHRASE, "id-token: write"),
    ("drift.yml", "report"): ("", "issues: write"),
    ("smoke.yml", "smoke"): (
        "${{ matrix.stack }}-smoke",
        "PROVISIONING_TOKEN",
        PASSPHRASE,
        "id-token: write",
    ),
    ("smoke.yml", "report"): ("", "issues: write"),
    ("nightly.yml", "simulate"): ("",),
    ("nightly.yml", "compare"): ("",),
    ("deploy.yml", "dev"): ("dev", PASSPHRASE, "id-token: write"),
    ("deploy.yml", "plan"): ("prod-drift", PASSPHRASE, "id-token: write"),
    ("deploy.yml", "prod"): ("prod", PASSPHRASE, "id-token: write"),
}
"""Who can reach which secret, and which right: all of it."""


def test_who_reaches_what() -> None:
    """No job reaches a secret, an environment or a right that is not written down here."""
    found = {
        (path.name, name): reach(job)
        for path in WORKFLOWS
        for name, job in workflow(path.name)["jobs"].items()
    }
    assert found == REACH
    for path in WORKFLOWS:
        assert workflow(path.name)["permissions"] == {}
        # Beside the jobs nothing names a secret, and none is handed on wholesale.
        assert "secrets" not in yaml.safe_dump({**workflow(path.name), "jobs": {}})
        assert "secrets: inherit" not in path.read_text()


def test_a_change_cannot_forge_the_plan_of_a_stack() -> None:
    """What its own code has made is kept apart from what the base's tools have made."""
    jobs = workflow("pull-request.yml")["jobs"]
    made = {
        name: step["with"]["name"]
        for name, job in jobs.items()
        for step in job["steps"]
        if "upload-artifact" in step.get("uses", "")
    }
    assert made == {"judge": "judged", "plan": "review-${{ matrix.stack }}"}
    taken = [
        (step["with"].get("name") or step["with"]["pattern"], step["with"]["path"])
        for step in jobs["comment"]["steps"]
        if "download-artifact" in step.get("uses", "")
    ]
    assert taken == [("judged", ".review/judged/"), ("review-*", ".review/")]
    (comment,) = (s["run"] for s in jobs["comment"]["steps"] if "make comment" in s.get("run", ""))
    shown = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *shlex.split(comment)[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    apart = dict(re.findall(r"(?:--preview|--policy) (\w+)=(\S+)", shown))
    plans = dict(re.findall(r"--preview (\w+)=(\S+)", shown))
    assert plans == {
        "local": ".review/judged/local.json",
        "dev": ".review/dev.json",
        "prod": ".review/prod.json",
    }
    assert set(apart.values()) == {
        f".review/judged/policy-{stack}.json" for stack in ("local", "dev", "prod")
    }


def test_there_are_only_workflows() -> None:
    """No action of the repository's own, and no other kind of file that GitHub would run."""
    assert [path.parent.name for path in WORKFLOWS if path.suffix != ".yml"] == []
    assert {path.parent.name for path in WORKFLOWS} == {"workflows"}


@pytest.mark.parametrize("name", ["gate", "plan", "comment"])
def test_a_change_does_not_bring_its_own_tools(name: str) -> None:
    """Where a pull request has a right or a secret, what runs is the base's; the head is data."""
    job = workflow("pull-request.yml")["jobs"][name]
    first, *others = [s for s in job["steps"] if s.get("uses", "").startswith("actions/checkout@")]
    assert first["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert "path" not in first["with"]
    assert all(step["with"] == {**step["with"], "path": ".head"} for step in others)
    assert job["steps"][0] == first
    for step in job["steps"]:
        assert "working-directory" not in step
        assert not re.search(r"\.head/|-C |cd ", step.get("run", ""))
        # The tools read the change; they are not told to by text of it.
        assert "${{" not in step.get("run", "")


def test_no_fork_and_nobody_unapproved() -> None:
    """What has a right or a secret is for branches of this repository, and prod's waits."""
    jobs = workflow("pull-request.yml")["jobs"]
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    assert [n for n, job in jobs.items() if own in job.get("if", "")] == ["gate", "plan", "comment"]
    assert [n for n, job in jobs.items() if "if" not in job] == ["check", "test", "judge"]
    # Without an always() the plan does not start if the gate fails.
    assert (jobs["plan"]["needs"], jobs["plan"]["if"]) == ("gate", own)
    command = next(step["run"] for step in jobs["gate"]["steps"] if "run" in step)
    assert command.startswith("ops/review/check-approval.sh ")
    stacks = jobs["plan"]["strategy"]["matrix"]["stack"]
    needed = {f"{stack}-preview" for stack in stacks if stack != "dev"}
    assert needed <= set(command.split()[2:])


@pytest.mark.parametrize(("name", "job"), [("drift.yml", "compare"), ("smoke.yml", "smoke")])
def test_main_alone_reaches_what_nobody_approves(name: str, job: str) -> None:
    """What has secrets without an approval, at a time of the day, runs what is merged only."""
    assert workflow(name)["jobs"][job]["if"] == "github.ref == 'refs/heads/main'"
    assert set(workflow(name)[True]) == {"schedule", "workflow_dispatch"}


def test_stacks_are_smoked_between_deployments() -> None:
    """The scheduled smoke test waits for a stack as a deployment does, and holds up nothing."""
    content = workflow("smoke.yml")
    job = content["jobs"]["smoke"]
    assert content["concurrency"]["group"] != workflow("deploy.yml")["concurrency"]["group"]
    assert job["concurrency"]["group"] == "stack-${{ matrix.stack }}"
    assert job["strategy"] == {"fail-fast": False, "matrix": {"stack": ["dev", "prod"]}}
    assert 'make smoke STACK="$STACK"' in [step.get("run") for step in job["steps"]]


@pytest.mark.parametrize("name", [path.name for path in WORKFLOWS])
def test_no_run_is_green_that_failed(name: str) -> None:
    """No step swallows a failure."""
    text = (ROOT / ".github" / "workflows" / name).read_text()
    assert not re.search(r"continue-on-error|\|\| *(true|:)|always\(\)", text)


def test_forks_get_no_rights() -> None:
    """No workflow runs a fork's code with this repository's rights."""
    events = {e for path in WORKFLOWS for e in yaml.safe_load(path.read_text())[True]}
    assert events == {"pull_request", "push", "schedule", "workflow_dispatch"}


def test_deployments_are_never_interrupted() -> None:
    """Only the deployment changes stacks, one at a time, and nothing cancels it."""
    content = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text())
    said = [content["concurrency"], *(job["concurrency"] for job in content["jobs"].values())]
    assert [each["group"] for each in said] == ["deploy", "stack-dev", "stack-prod", "stack-prod"]
    assert {each["cancel-in-progress"] for each in said} == {False}
    others = [p.name for p in WORKFLOWS if re.search("make (up|apply)", p.read_text())]
    assert others == ["deploy.yml"]


def test_what_is_approved_is_what_is_applied() -> None:
    """Prod's job carries out the plan of the same run that the approver was shown, and no other."""
    jobs = workflow("deploy.yml")["jobs"]
    assert [jobs["plan"]["needs"], jobs["prod"]["needs"]] == ["dev", "plan"]
    made, taken = (
        next(step["with"] for step in jobs[job]["steps"] if f"{action}-artifact" in str(step))
        for job, action in (("plan", "upload"), ("prod", "download"))
    )
    assert (taken["name"], made["if-no-files-found"]) == (made["name"], "error")
    runs = {job: [step["run"] for step in jobs[job]["steps"] if "run" in step] for job in jobs}
    assert "make propose STACK=prod" in runs["plan"]
    assert runs["prod"] == ["make venv", "make apply STACK=prod"]
    recipe = (ROOT / "Makefile").read_text().partition("\napply:")[2].partition("\n\n")[0]
    assert "--plan $(REVIEW)/$(STACK).plan --refresh" in recipe
    assert made["path"] == ".review/prod.plan"


FETCHES = re.compile(
    r"\b(curl|wget|pip3? (install|download)|pipx|npx?|gem|cargo|go (get|install|run)|docker|uvx"
    r"|uv (tool|pip)|install\.sh|apt-get install)\b"
)
FETCHED = {
    # From the distribution, by its package manager, which looks at signatures.
    ".ci/run": ["apt-get install", "apt-get install"],
    # Held against the sum of the source first.
    "ops/dev/check-workflows.sh": ["go install"],
    # Writes the lock, with the hash of every file; the environment's own uv.
    "Makefile": ["uv pip"],
}


def test_nothing_is_fetched_that_is_not_pinned() -> None:
    """Workflows and scripts fetch by the lock, by the hash of a commit, or by a sum."""
    scripts = [*WORKFLOWS, *ROOT.glob("ops/**/*.sh"), ROOT / ".ci/run", ROOT / "Makefile"]
    found: dict[str, list[str]] = {}
    for path in scripts:
        lines = [
            line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")
        ]
        for match in FETCHES.finditer("\n".join(lines)):
            found.setdefault(str(path.relative_to(ROOT)), []).append(match[0])
    # It looks for tools, and `git` and `curl` are two of them.
    found[".ci/run"].remove("curl")
    assert found == FETCHED


def test_the_lock_has_a_hash_of_everything() -> None:
    """Also of uv, which installs the rest; each is installed with --require-hashes."""
    lock = (ROOT / "requirements.lock").read_text()
    packages = re.split(r"\n(?=\S)", lock.strip())
    names = [package for package in packages if not package.startswith("#")]
    assert [name.split("\n")[0] for name in names if "--hash=sha256:" not in name] == []
    assert any(re.match(r"uv==\d", name) for name in names)
    venv = (ROOT / "ops/dev/venv.py").read_text()
    assert venv.count('"--require-hashes"') == len(re.findall(r'= \["(?:pip|install)"', venv))
