#!/usr/bin/env bash
# Run a command in the shell of somebody who works for a team: backend, passphrase, keys, proxy and
# module path are exported, and all of them lead astray. Fails if the command touched the backend.
#
# Usage: ops/dev/poisoned.sh COMMAND...
set -Eeuo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/backend" "$folder/home" "$folder/modules"
for module in components pulumi stacks yaml; do
  printf 'raise ImportError("a module of PYTHONPATH was loaded")\n' >"$folder/modules/$module.py"
done
printf 'wrong\n' >"$folder/passphrase"

export PULUMI_BACKEND_URL="file://$folder/backend" PULUMI_HOME="$folder/home"
export PULUMI_ACCESS_TOKEN=pul-nobody PULUMI_CONFIG_PASSPHRASE=wrong
export PULUMI_CONFIG_PASSPHRASE_FILE="$folder/passphrase" PULUMI_STACK=prod
export PULUMI_CONFIG='{"alicloud:accountId": "1", "ecs-provisioning-loop:settings": "{}"}'
export PULUMI_CONFIG_SECRET_KEYS='["ecs-provisioning-loop:settings"]' PULUMI_PARALLEL=1
for cloud in ALICLOUD ALIBABA_CLOUD; do
  export "${cloud}_ACCESS_KEY=LTAInobody" "${cloud}_ACCESS_KEY_ID=LTAInobody"
  export "${cloud}_SECRET_KEY=nothing" "${cloud}_ACCESS_KEY_SECRET=nothing"
  export "${cloud}_SECURITY_TOKEN=stale" "${cloud}_REGION=eu-west-1"
  export "${cloud}_ACCOUNT_ID=1000000000000009" "${cloud}_ROLE_ARN=acs:ram::1:role/nobody"
done
export ALIBABA_CLOUD_ENDPOINT_ECS=127.0.0.1:9 ECS_ENDPOINT=127.0.0.1:9
# Nothing listens on port 9.
for proxy in HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy; do
  export "$proxy=http://127.0.0.1:9"
done
export LOCALCLOUD_ENDPOINT=http://127.0.0.1:9 PYTHONPATH="$folder/modules"

"$@"

left=$(find "$folder/backend" -mindepth 1)
if [[ -n $left ]]; then
  printf 'poisoned: the command wrote into the backend of the environment:\n%s\n' "$left" >&2
  exit 1
fi
