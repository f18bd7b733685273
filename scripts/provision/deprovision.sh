#!/usr/bin/env bash
# Lock the account of an employee on this host: /opt/deprovision.sh EMP_ID [ROLE]
# Exit codes and comments: scripts/provision of the project.

# shellcheck source=settings.sh
. "${BASH_SOURCE[0]%/*}/settings.sh"
# shellcheck source=lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

readonly DONE=locked

# The account stays, locked, so that its UID never becomes somebody else's.
lock_account() {
	local fields args=()
	read_entry fields shadow "$user" || true
	[[ $login == /usr/sbin/nologin ]] || args+=(-s /usr/sbin/nologin)
	[[ ${fields[7]:-} == 1 ]] || args+=(-e 1970-01-02)
	if [[ ${fields[1]:-} != [*!]* ]]; then
		args+=(-L)
		record[password]=locked # by us: whoever comes back gets it unlocked
	fi
	((EUID)) || ! owns_home || record[home]=closed
	[[ ${record[status]} == locked ]] || record[status]=leaving
	remember
	((${#args[@]} == 0)) || did locked
	take_rights '' "$user" "${args[@]}"
}

drop_file() { # WHAT FILE
	[[ -f $2 || -L $2 ]] || return 0
	must 10 rm -f "$2"
	did "$1 removed"
}

# Whatever starts by itself later.
drop_jobs() {
	local folder
	drop_file crontab "$R/var/spool/cron/$user"
	drop_file crontab "$R/var/spool/cron/crontabs/$user"
	drop_file lingering "$R/var/lib/systemd/linger/$user"
	for folder in "$R"/var/spool/{at,cron/atjobs}; do
		[[ -d $folder ]] || continue
		must 10 find "$folder" -maxdepth 1 -type f -uid "$uid" -print -delete
		[[ ! $output ]] || did "at jobs removed"
	done
}

# Find what runs under the account's uid or one of its /etc/subuid range (rootless containers):
# $pids, and each uid once as $owners. The dead do not count, though they stay in the list until
# their parent looks; a dead first thread with others alive does.
find_processes() {
	local file text name start count owner ranges=("$uid $((uid + 1))")
	local form=$'\nState:\t([A-Z]).*\nUid:\t([0-9]+)\t[0-9]+\t([0-9]+)\t.*\nThreads:\t([0-9]+)\n'
	pids=() owners=''
	[[ ! -f /etc/subuid ]] || while IFS=: read -r name start count; do
		[[ $name != "$user" && $name != "$uid" ]] || ranges+=("$start $((start + count))")
	done </etc/subuid
	for file in /proc/[0-9]*/status; do
		text=''
		{ IFS= read -rd '' text <"$file" || true; } 2>/dev/null
		[[ $text =~ $form && ${BASH_REMATCH[1]}${BASH_REMATCH[4]} != [ZX]1 ]] || continue
		for owner in "${BASH_REMATCH[@]:2:2}"; do
			within "$owner" "${ranges[@]}" || continue
			pids+=("${file//[!0-9]/}")
			has "$owners" "$owner" || owners+=" $owner"
			break
		done
	done
}

within() { # NUMBER "START END" ...
	local range
	for range in "${@:2}"; do
		(($1 < ${range% *} || $1 >= ${range#* })) || return 0
	done
	return 1
}

# While kill_all becomes the victim, the victims may kill it. Python can strike under a real and
# saved uid that is nobody's, so that they may not.
strike() { # UID
	local python program='import os, sys
uid, nobody = int(sys.argv[1]), 4294967290
os.setresuid(nobody, uid, nobody)
assert os.geteuid() == uid
os.kill(-1, 9)'
	for python in python3 /usr/libexec/platform-python; do
		! try "$python" -ISc "$program" "$1" 2>/dev/null || return 0
	done
	for _ in {1..5}; do uid=$1 home=/ try as_user kill_all "$1" 2>/dev/null || true; done
}

end_processes() {
	local turn owner
	[[ ! $R ]] || return 0 # the processes here belong to another system's accounts
	find_processes
	((${#pids[@]} == 0)) || did "sessions ended"
	# Also ends what the sessions run as somebody else, such as root's shell from sudo.
	[[ ! -d /run/systemd/system ]] || try timeout 10 loginctl terminate-user "$user" || true
	for turn in {1..50}; do
		# Also where nothing was found: what forks all the time is seldom in the list.
		for owner in $uid ${owners/ $uid/}; do strike "$owner"; done
		((turn < 3)) || sleep 0.1
		find_processes
		((${#pids[@]})) || return 0
	done
	die 11 "processes of $user do not end: ${pids[*]:0:20}"
}

# What cron or at had just begun is ended by the next turn.
stop_everything() {
	local turn before
	for turn in {1..5}; do
		before=${#changes[@]}
		drop_jobs
		end_processes
		((${#changes[@]} > before)) || return 0
	done
	die 11 "processes of $user come back: ${changes[*]:before} (turn $turn)"
}

# A copy of a program with the setuid or setgid bit keeps what its maker had. The search ends in
# time, whatever somebody has filled the disk with; -execdir, unlike a path, leads nowhere else.
drop_setuid() {
	[[ ! $R ]] || return 0
	try timeout 60 find / -ignore_readdir_race \( -path /proc -o -path /sys -o -path '/usr/[!l]*' -o \
		-path '/usr/lib*' \) -prune -o -type f -uid "$uid" -perm /6000 -print -execdir rm -f {} + || true
	[[ $output != /* ]] || did "setuid files removed"
}

# A home that is another uid's is left alone, whatever passwd says; one that we have closed is root's.
owns_home() {
	local owner
	owner=$(stat -Lc %u "$home" 2>/dev/null) || return 0
	[[ $owner == "$uid" || ($owner == "$EUID" && $home == "$R/home/$user") ]]
}

# Nobody but root gets into the home any more: keys, mail filters and programs in it are out of
# reach, whatever the leaver has made of it.
close_home() {
	local now file place=${home%/*}/.provisioning/homes
	[[ -d $home || $R ]] || try umount -l "$home" || true # the leaver's own, served by nobody now
	[[ -d $home ]] && owns_home || return 0
	if ((EUID == 0)) && [[ ! -O $home ]]; then
		must 8 chown 0:0 "$home"
		[[ $R && ! -O $home ]] || did "home closed" # nothing changes hands where root is pretended
	fi
	must 8 chmod 700 "$home"
	# Who may log in without a password, and what a mail starts, is not to come back.
	[[ ! -L $home/.ssh ]] || drop_file "link .ssh" "$home/.ssh"
	drop_file "ssh keys" "$home/.ssh/authorized_keys"
	for file in .ssh/authorized_keys2 .rhosts .shosts .k5login .forward; do
		drop_file "${file#*/}" "$home/$file"
	done
	[[ $HOME_POLICY == archive ]] || return 0
	printf -v now '%(%Y%m%dT%H%M%SZ)T' -1
	must 8 mkdir -p "$place" # beside it: moved in one step, however large it is
	must 8 mv -T "$home" "$place/$user-$now"
	did "home archived"
}

# A full disk, which a leaver can see to, stops what writes. These need no room.
last_resort() {
	local step
	for step in drop_sudo end_processes close_home; do ("$step") >/dev/null 2>&1 || true; done
}

reconcile() {
	read_record
	obey_newest
	if ! find_account; then
		outcome=absent
		drop_sudo
		remember status gone # an older word must not bring them here
		return
	fi
	trap last_resort EXIT
	lock_account
	drop_sudo
	stop_everything
	close_home
	[[ ${record[status]} == locked ]] || drop_setuid
	remember uid "$uid" status locked role "$role" groups '' keys '' ssh_key ''
	trap - EXIT
}

main "$@"
exit
