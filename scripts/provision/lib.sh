# shellcheck shell=bash
# What provision.sh and deprovision.sh share. The house rules:
# - What may fail is run by `must CODE`: the run ends with a code of README.md's table and the tool's
#   own last line.
# - Root follows no path that an employee controls: what is done in a home is done by as_user.
# - Names in between begin with a dot, as no account, crontab or sudo rule does.
# - No here-documents: bash keeps them in /tmp, which may be full.

set -Eeuo pipefail
shopt -s inherit_errexit
umask 077
export LC_ALL=C TZ=UTC PATH="$PATH:/usr/sbin:/usr/bin:/sbin:/bin"

R=${PROVISION_ROOT:-} # like DESTDIR; empty on a real host
STATE=$R/var/lib/provisioning
TMP=$R/run # in memory: has room when the disk is full
[[ -d $TMP ]] || TMP=$STATE
emp_id='' role='' user=''      # the request
moment='' manual=false         # when it was made, in milliseconds; by hand it is now
expires='' ssh_key=''          # what it may also hold: a date, a public key
request_hash=''                # which request it is
uid='' gid='' home='' login='' # the account as passwd has it; uid is empty where there is none
changes=() outcome=unchanged   # the result
output=''                      # what the last tool said
declare -A record              # what was given, as the host remembers it

log() { # LEVEL TEXT
	local line
	printf -v line '%(%FT%TZ)T %s [%s] %s' -1 "$1" "$$" "${2//[^ -~]/?}"
	printf '%s\n' "$line" >&2
	{ printf '%s\n' "$line" >>"$R/var/log/provision.log"; } 2>/dev/null || true
}

result() { # STATUS CODE ERROR
	local list='' item text=${3//[^ -~]/?}
	for item in "${changes[@]}"; do list+=",\"$item\""; done
	printf '{"status":"%s","user":"%s","role":"%s","uid":%s,"changes":[%s],"moment":%s,"manual":%s,"exit_code":%s,"error":"%s"}\n' \
		"$1" "$user" "$role" "${uid:-null}" "${list#,}" "${moment:-null}" "$manual" "$2" "${text//[\"\\]/\'}"
}

die() { # CODE TEXT [STATUS]
	trap - ERR
	log error "$2"
	result "${3:-failed}" "$1" "$2"
	exit "$1"
}

# Leaves what a tool says in $output, of that the last line in $said. It is said to a file and not
# to a pipe, which a service that the tool starts would keep open.
try() { # COMMAND ...
	local status=0
	"$@" </dev/null >"$TMP/.provisioning" 2>&1 9>&- || status=$?
	read_text output "$TMP/.provisioning"
	((! status)) || printf %s "$output" >&2
	said=${output%$'\n'}
	said=${said##*$'\n'}
	: "${said:=exit code $status}"
	return "$status"
}

did() { changes+=("$1"); } # CHANGE

must() { # CODE COMMAND ...
	try "${@:2}" || die "$1" "$2 failed: $said"
}

has() { [[ " $1 " == *" $2 "* ]]; } # LIST WORD

read_text() { # VARIABLE FILE: empty if there is none
	local _text=''
	[[ ! -f $2 ]] || IFS= read -rd '' _text <"$2" || true
	printf -v "$1" %s "$_text"
}

put() { printf %s "$2" >"$1"; } # FILE TEXT

# Each tool that is not started saves some milliseconds, of which a morning of hires is made.
make_folder() { [[ -d $2 ]] || must "$1" mkdir -p "$2"; } # CODE FOLDER

write_file() { # FILE MODE TEXT: whole or not at all
	local now new=${1%/*}/.provisioning
	read_text now "$1"
	[[ $now != "$3" ]] || return 0
	make_folder 10 "${1%/*}"
	must 10 put "$new" "$3"
	[[ $2 == 600 ]] || must 10 chmod "$2" "$new" # the umask gives 600
	must 10 mv -fT "$new" "$1"
}

# All lines of /etc/FILE, each with a line break before and after it. Among thousands of accounts one
# regular expression finds a line eight times as fast as a loop over them.
read_lines() { # VARIABLE FILE
	local IFS='' _lines
	mapfile _lines <"$R/etc/$2"
	printf -v "$1" %s $'\n' "${_lines[*]}" $'\n'
}

read_entry() { # ARRAY FILE NAME: the fields of that line of /etc/FILE; fails if there is none
	local -n _fields=$1
	local - IFS=: _text _field
	set -f
	_fields=()
	read_lines _text "$2"
	[[ $_text =~ $'\n'"$3":[^$'\n']* ]] || return 1
	_text=${BASH_REMATCH[0]:1}:
	for _field in $_text; do _fields+=("$_field"); done
}

# The parameters stand below the final exit, where bash parses nothing: whatever they hold, they
# stay text. Exactly one line for each is taken, in this order, and no null character. What a run by
# hand leaves out is empty, or stays the placeholder that it was.
read_parameters() { # [EMP_ID ROLE]
	local name text='' now form=$'^\n# parameters\n'
	local -A values=([emp_id]=${1:-} [role]=${2:-})
	local names=(emp_id role moment expires ssh_key request_hash)
	for name in "${names[@]}"; do form+="# $name: ([^"$'\n'"]*)"$'\n'; done
	! IFS= read -rd '' text <"${BASH_SOURCE[-1]}" || text=''
	body=${text%%$'\n# parameters\n'*}
	text=${text:${#body}}
	if ((! $#)) && [[ ${text%$'\n'}$'\n' =~ $form$ ]]; then
		for name in "${!names[@]}"; do
			text=${BASH_REMATCH[name + 1]} name=${names[name]}
			[[ $text == "{""{$name}}" ]] || values[$name]=$text
		done
	fi
	emp_id=${values[emp_id]} role=${values[role]} moment=${values[moment]:-}
	expires=${values[expires]:-} ssh_key=${values[ssh_key]:-} request_hash=${values[request_hash]:-}
	user=$NAME_PREFIX${emp_id,,}
	if [[ ! $emp_id =~ ^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$ || ! $user =~ ^[a-z].{0,31}$ ||
		! $role =~ ^[a-z][a-z0-9-]{0,31}$ && $ACTION$role != deprovision ]]; then
		text="emp_id '${emp_id:0:40}', role '${role:0:40}'"
		emp_id='' role='' user='' moment=''
		die 2 "not acceptable: $text"
	fi
	printf -v now '%(%s)T' -1
	if [[ ! $moment ]]; then
		manual=true moment=${EPOCHREALTIME:-${now}.000}
		moment=${moment/[.,]/} moment=${moment::13}
	elif [[ ! $moment =~ ^[1-9][0-9]{12}$ ]] || ((moment / 1000 > now + 86400)); then
		text=$moment moment=''
		die 2 "moment '${text:0:40}' is not one: milliseconds since 1970, not in the future"
	fi
	[[ ! $request_hash || $request_hash =~ ^[0-9a-f]{16}$ ]] || die 2 "request_hash '${request_hash:0:40}' is none"
	if [[ $expires && ! $expires =~ ^[2-9][0-9]{3}-[01][0-9]-[0-3][0-9]$ ]]; then
		die 2 "expires '${expires:0:40}' is not a date such as 2027-01-31"
	fi
	form='(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com)'
	if [[ $ssh_key && (${#ssh_key} -gt 800 || $ssh_key == *$'\t'* ||
		! $ssh_key =~ ^${form}[[:blank:]][A-Za-z0-9+/]{60,}={0,2}([[:blank:]][A-Za-z0-9._@-]+)?$) ]]; then
		die 2 "ssh_key is not one public key: '${ssh_key:0:40}'"
	fi
	sudo_file=$R/etc/sudoers.d/provisioning-${user//./+} # sudo skips names with a dot
}

# What is not on record as given is never taken away. Keys are set apart by tabs; records of the first
# version have a line for each, and lie one folder up. Fields that we do not know stay as they are.
read_record() {
	local key value file=$STATE/accounts/$user
	record=([emp_id]='' [uid]='' [status]='' [groups]='' [keys]='' [password]='' [home]='')
	[[ -f $file ]] || file=$STATE/$user
	[[ ! -f $file ]] || while IFS=' ' read -r key value; do
		if [[ $key == key ]]; then record[keys]+=$value$'\t'; else record[$key]=$value; fi
	done <"$file"
}

remember() { # FIELD VALUE ...
	record[moment]=$moment record[word]=$ACTION
	while (($#)); do
		record[$1]=$2
		shift 2
	done
	write_record
}

# The last 16 requests stand there with their moments. The order is our own: bash's depends on how a
# record came about, and would make a new one of what is the same.
write_record() {
	local key text='' fields=(version emp_id uid status role groups keys ssh_key password home moment word requests)
	record[version]=3
	if [[ $request_hash && " ${record[requests]:-}" != *" $request_hash:"* ]]; then
		text="$request_hash:$moment${record[requests]:+ ${record[requests]}}"
		record[requests]=${text::495} text=''
	fi
	for key in "${!record[@]}"; do has "${fields[*]}" "$key" || fields+=("$key"); done
	for key in "${fields[@]}"; do
		[[ ! ${record[$key]+set} ]] || text+="$key ${record[$key]}"$'\n'
	done
	write_file "$STATE/accounts/$user" 600 "$text"
}

# The newest word wins, in whatever order the words arrive; of two that were said at the same moment
# it is the one that takes away. Records without a moment are older than everything.
obey_newest() {
	local text known=${record[moment]:-0}
	# A request is as old as when it first came, also where everybody else has forgotten it.
	if [[ $request_hash && " ${record[requests]:-}" == *" $request_hash:"* ]]; then
		text=${record[requests]#*"$request_hash:"}
		((${text%% *} >= moment)) || moment=${text%% *}
	fi
	[[ $known =~ ^[0-9]+$ ]] || known=0
	((moment < known)) || [[ $moment$ACTION$manual == "${known}provisionfalse" && ${record[word]} == deprovision ]] || return 0
	write_record
	printf -v known '%(%FT%TZ)T' $((known / 1000))
	die 12 "superseded by the ${record[word]} of $known: not done" superseded
}

foreign() { die 5 "$1 was not made by this script: not touched"; } # WHAT

# Fails if there is no account; ends the run if there is one that these scripts did not make.
find_account() {
	local fields
	[[ ${record[emp_id]:-$emp_id} == "$emp_id" ]] ||
		die 5 "$user is that of emp_id ${record[emp_id]}"
	if ! read_entry fields passwd "$user"; then
		# An account of that name would come with the group's rights.
		[[ ${record[emp_id]} ]] || ! read_entry fields group "$user" || foreign "group $user"
		return 1
	fi
	# On record without a uid: a run was cut off while useradd worked.
	[[ ${record[emp_id]} && (${record[uid]} == "${fields[2]}" || ${record[uid]}${fields[4]} == "$emp_id") ]] ||
		foreign "account $user (uid ${fields[2]})"
	uid=${fields[2]} gid=${fields[3]} home=$R${fields[5]} login=${fields[6]:-}
}

# The tools wait 15 seconds for /etc/passwd.lock; whoever edits the file by hand takes longer.
account_tool() { # TOOL ARGUMENT ...
	until try "$1" ${R:+--prefix "$R"} "${@:2}"; do
		[[ $said == *'cannot lock'* && -w $R/etc ]] || die 8 "$1 failed for $user: $said"
		((SECONDS < LOCK_SECONDS)) || die 6 "$said"
		sleep 1
	done
}

ensure_group() { # NAME
	local fields
	read_entry fields group "$1" || account_tool groupadd "$1"
}

# Rights go before anything is given, since all that follows may fail. Then $kept are the groups
# that the account is in, $added those that it lacks; $removed were given by us and are gone.
take_rights() { # GROUPS PRIMARY USERMOD_ARGUMENT ...: what stays, and what else is to change
	local name text fields args=("${@:3}")
	kept='' added='' removed=''
	read_lines text group
	while [[ $text =~ $'\n'([^:$'\n']+)[^$'\n']*[:,]"$user"(,[^$'\n']*)?$'\n'(.*) ]]; do
		name=${BASH_REMATCH[1]} text=$'\n'${BASH_REMATCH[3]}
		if has "${record[groups]}" "$name" && ! has "$1" "$name"; then
			removed+=" $name"
		else
			kept+=${kept:+,}$name
		fi
	done
	for name in $1; do
		has "${kept//,/ }$added" "$name" || added+=" $name"
	done
	[[ $uid ]] || return 0
	[[ ! $removed ]] || args+=(-G "$kept")
	read_entry fields group "$2" || true
	if [[ ${fields[2]:-} != "$gid" ]]; then
		ensure_group "$user"
		args+=(-g "$user")
	fi
	((! ${#args[@]})) || account_tool usermod "${args[@]}" "$user"
	for name in $removed; do did "group $name removed"; done
}

# Root must not follow the user's links, nor hand its output or terminal to the user's processes,
# which can take over whatever runs as the user. So the function runs in a session of its own,
# without root's environment; what it says comes back as a small file.
as_user() ( # FUNCTION ARGUMENT ...: in the home
	cd "$home" || exit
	if ((EUID)); then
		"$@"
		exit
	fi
	ulimit -f 1024
	ulimit -u unlimited 2>&- || true # the user may have used all of it
	exec -c setsid -w timeout -k 5 30 setpriv --reuid "$uid" --regid "$gid" --clear-groups \
		bash -c "umask 077; $(declare -f "$1"); \"\$@\"" bash "$@"
)

# From inside a uid one call reaches all of its processes at once: none can fork away in between.
kill_all() { # UID
	[[ $EUID != "$1" ]] || kill -KILL -1
}

drop_sudo() {
	[[ -e $sudo_file ]] || return 0
	must 10 rm -f "$sudo_file"
	did "sudo removed"
}

main() { # [EMP_ID ROLE]
	trap 'die 1 "line $LINENO failed: $BASH_COMMAND"' ERR
	read_parameters "$@"
	[[ $R == /* || (! $R && $EUID == 0) ]] || die 3 "needs root or PROVISION_ROOT=/... ('$R')"
	type flock setpriv setsid timeout useradd usermod >/dev/null || die 3 'a tool is missing: line above'
	[[ -d $STATE ]] || said=$(mkdir -p "$STATE" 2>&1) || die 10 "$said"
	{ exec 9>"$STATE/.lock"; } 2>/dev/null || die 10 "cannot write $STATE/.lock"
	flock -w "$LOCK_SECONDS" 9 || die 6 "another run has kept the lock for $LOCK_SECONDS s: try again"
	reconcile
	if [[ ${changes[*]} ]]; then # verified if a second look finds nothing to do
		[[ $outcome != unchanged ]] || outcome=$DONE
		local first=${#changes[@]}
		reconcile
		((${#changes[@]} == first)) || die 4 "still to do at the second look: ${changes[*]:first}"
	fi
	write_file "$R/opt/$ACTION.sh" 700 "$body"
	log info "$emp_id $role: $outcome${changes[*]:+ (${changes[*]})}"
	result "$outcome" 0 ''
}
