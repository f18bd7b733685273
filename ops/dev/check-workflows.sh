#!/usr/bin/env bash
# Check the workflows: actionlint for mistakes, zizmor at its strictest for what can be abused.
#
# Usage: ops/dev/check-workflows.sh VENV
#
# zizmor comes with the lock. actionlint is a Go program: it is taken from PATH, or built once into
# the environment where there is Go; without either that half is skipped, and says so.
set -Eeuo pipefail

readonly ACTIONLINT=github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

find_actionlint() {
  local venv=$1
  command -v actionlint && return
  if [[ ! -x $venv/bin/actionlint ]] && command -v go >/dev/null; then
    GOBIN=$(cd "$venv/bin" && pwd) go install "$ACTIONLINT" >&2 || true
  fi
  [[ ! -x $venv/bin/actionlint ]] || printf '%s\n' "$venv/bin/actionlint"
}

main() {
  local venv=$1 actionlint
  actionlint=$(find_actionlint "$venv")
  if [[ -n $actionlint ]]; then
    "$actionlint" -shellcheck "$venv/bin/shellcheck"
  else
    printf 'check-workflows: actionlint is skipped: neither it nor Go (to build %s) is here\n' \
      "$ACTIONLINT" >&2
  fi
  "$venv/bin/zizmor" --offline --quiet --persona=auditor --strict-collection .github
}

main "$@"
