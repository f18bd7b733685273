#!/usr/bin/env bash
# Check the workflows: actionlint for mistakes, zizmor at its strictest for what can be abused.
#
# Usage: ops/dev/check-workflows.sh VENV
#
# zizmor comes with the lock. actionlint is a Go program: it is taken from PATH, or built once into
# the environment where there is Go, from the very source that is named here; without either that
# half is skipped, and says so.
set -Eeuo pipefail

readonly ACTIONLINT=github.com/rhysd/actionlint
readonly ACTIONLINT_VERSION=v1.7.12
# What go.sum would hold of it; Go holds what it needs itself against its own go.sum.
readonly ACTIONLINT_SUM=h1:vQ4GeJN86C0QH+gTUQcs8McmK62OLT3kmakPMtEWYnY=

is_actionlint() {
  local found
  found=$(go mod download -json "$ACTIONLINT@$ACTIONLINT_VERSION") || return
  [[ $found == *"\"Sum\": \"$ACTIONLINT_SUM\""* ]] && return
  printf 'check-workflows: %s@%s is not the source that was meant\n' \
    "$ACTIONLINT" "$ACTIONLINT_VERSION" >&2
  return 1
}

find_actionlint() {
  local venv=$1
  command -v actionlint && return
  if [[ ! -x $venv/bin/actionlint ]] && command -v go >/dev/null && is_actionlint; then
    GOBIN=$(cd "$venv/bin" && pwd) \
      go install "$ACTIONLINT/cmd/actionlint@$ACTIONLINT_VERSION" >&2 || true
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
      "$ACTIONLINT@$ACTIONLINT_VERSION" >&2
  fi
  "$venv/bin/zizmor" --offline --quiet --persona=auditor --strict-collection .github
}

main "$@"
