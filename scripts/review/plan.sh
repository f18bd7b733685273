#!/usr/bin/env bash
# Write what the engine would do to a stack, as JSON, and beside it what it said.
#
# Usage: scripts/review/plan.sh STACK FOLDER [pulumi's options...]
#
# A preview that fails is no failure here: the review shows its last lines in the plan's place.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

stack=$1 folder=$2
shift 2
mkdir -p "$folder"
.venv/bin/python -m scripts.stack preview --stack "$stack" --json -- --non-interactive "$@" \
  >"$folder/$stack.json" 2>"$folder/$stack.log" ||
  printf 'plan: the preview of %s failed; %s says why\n' "$stack" "$folder/$stack.log" >&2
