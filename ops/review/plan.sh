#!/usr/bin/env bash
# Write what the engine would do to a stack, as JSON, and beside it what it said and how it ended.
#
# Usage: [BASE=revision] [PROGRAM=folder] ops/review/plan.sh STACK FOLDER [pulumi's options...]
#
# PROGRAM is the checkout whose program is planned, by the tools of this one.
# Stack local is built from the revision BASE in a local cloud of its own first, so that its plan,
# too, holds what changes. The exit code is the engine's: a plan counts only if that is 0, and the
# review shows what went wrong in its place.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly PROJECT=$PWD

program=$(cd "${PROGRAM:-.}" && pwd)
stack=$1 folder=$2
shift 2
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
endpoint=() state=()

start_cloud() { # FOLDER
  local ready
  "$PROJECT/.venv/bin/python" -m localcloud serve --config demo/localcloud.yaml --port 0 --dry-run >"$1/ready" &
  server=$!
  for _ in {1..300}; do
    ready=$(head -n 1 "$1/ready")
    [[ -n $ready ]] && break
    sleep 0.1
  done
  endpoint=(--endpoint "$(grep -o 'http://127\.0\.0\.1:[0-9]*' <<<"$ready" | head -n 1)")
}

build_base() { # FOLDER
  mkdir "$1/base"
  git archive "${BASE:-HEAD}" | tar -x -C "$1/base"
  # The packages of the base are its own folder's; the libraries are this checkout's.
  ln -sfn "$PROJECT/.venv" "$1/base/.venv"
  state=(--state "$1/state")
  run_stack up --program "$1/base" -- --skip-preview --non-interactive >"$folder/base.log" 2>&1
}

run_stack() { # ACTION OPTIONS...
  PYTHONPATH=$PROJECT .venv/bin/python -m ops "$1" --stack "$stack" \
    "${endpoint[@]}" "${state[@]}" "${@:2}"
}

# Give the program its libraries: this checkout's, or its own where it locks others.
give_libraries() {
  if cmp -s "$PROJECT/requirements.lock" "$program/requirements.lock"; then
    ln -sfn "$PROJECT/.venv" "$program/.venv"
  else
    (cd "$program" && "$PROJECT/ops/dev/venv.sh" python3 .venv)
  fi
}

clean() {
  [[ -z ${server-} ]] || kill "$server" || true
  [[ -z ${temporary-} ]] || rm -rf "$temporary"
}

# What an earlier run left must not stand for this one.
rm -f "$folder/$stack".{json,log,status}

if [[ $stack == local ]]; then
  temporary=$(mktemp -d)
  trap clean EXIT
  start_cloud "$temporary"
  # Without its base the plan would show everything as new.
  if ! build_base "$temporary"; then
    printf 'plan: %s cannot be built: %s says why\n' "${BASE:-HEAD}" "$folder/base.log" >&2
    cp "$folder/base.log" "$folder/$stack.log"
    exit 1
  fi
fi

[[ $program == "$PROJECT" ]] || give_libraries
code=0
run_stack preview --json --program "$program" -- --non-interactive "$@" \
  >"$folder/$stack.json" 2>"$folder/$stack.log" || code=$?
printf '%s\n' "$code" >"$folder/$stack.status"
if ((code != 0)); then
  printf 'plan: the preview of %s failed; %s says why\n' "$stack" "$folder/$stack.log" >&2
  exit "$code"
fi
