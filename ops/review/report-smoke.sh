#!/usr/bin/env bash
# Keep one open issue about stacks whose smoke test fails; close it when all of them pass again.
#
# Usage: ops/review/report-smoke.sh OWNER/REPOSITORY RESULT RUN_URL     (needs gh and GH_TOKEN)
#
# RESULT is that of the job over all stacks: nothing but "success" is good, also "cancelled" is not.
set -Eeuo pipefail

repository=$1 result=$2 run=$3
text=$(mktemp)
trap 'rm -f "$text"' EXIT
if [[ $result != success ]]; then
  printf '%s\n' "The scheduled smoke test ended with \`$result\`: [its run]($run) says which stack," \
    "and which step of the loop was not proved. 'When something is wrong' in docs/operating.md" \
    "leads on. This issue is closed when all stacks pass again." >"$text"
fi
"${BASH_SOURCE[0]%/*}/keep-issue.sh" "$repository" smoke 'The loop does not answer' "$text"
