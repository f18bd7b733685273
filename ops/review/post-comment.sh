#!/usr/bin/env bash
# Write the review into a pull request: into the comment that is there, or into a first one.
#
# Usage: ops/review/post-comment.sh OWNER/REPOSITORY NUMBER FILE     (needs gh and GH_TOKEN)
set -Eeuo pipefail

repository=$1 number=$2 file=$3
marker=$(head -n 1 "$file")
# Only our own: anybody could write the marker into a comment.
ours='.[] | select(.user.login == "github-actions[bot]" and (.body | startswith(env.MARKER))) | .id'
found=$(MARKER=$marker gh api --paginate "repos/$repository/issues/$number/comments" --jq "$ours")
if [[ -n $found ]]; then
  gh api --method PATCH "repos/$repository/issues/comments/${found%%$'\n'*}" -F "body=@$file" \
    --jq .html_url
else
  gh api --method POST "repos/$repository/issues/$number/comments" -F "body=@$file" --jq .html_url
fi
