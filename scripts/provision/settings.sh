# shellcheck shell=bash
# An example of what render.py writes in this place from roles.yaml.

readonly ACTION=provision
readonly NAME_PREFIX=emp-
readonly LOCK_SECONDS=240
# What happens to a leaver's home: keep or archive. For deprovision.sh only.
readonly HOME_POLICY=keep
# What a role gives is one "key value" a line, free text as for printf %b. For provision.sh only.
readonly EVERYONE='groups employees'
declare -rA ROLES=(
	[devops]='packages git
groups deploy
sudo ALL=(root) NOPASSWD: /usr/bin/systemctl restart app.service'
)
