#!/usr/bin/env bash
# Give an employee the account of a role on this host: /opt/provision.sh EMP_ID ROLE
# Exit codes and comments: scripts/provision of the project.

# shellcheck source=settings.sh
. "${BASH_SOURCE[0]%/*}/settings.sh"
# shellcheck source=lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

readonly DONE=updated
# What everyone and the role get.
declare -A files=()
manager=dnf packages='' groups='' rules='' keys='' shell=/bin/bash primary='' limit='' expiry=''

read_role() {
	local - key line value family=dnf
	set -f
	has "${!ROLES[*]}" "$role" || die 2 "unknown role $role: known are ${!ROLES[*]}"
	for key in apt-get yum dnf; do
		! command -v "$key" >/dev/null || manager=$key
	done
	[[ $manager != apt-get ]] || family=apt
	local IFS=$'\n'
	for line in $EVERYONE ${ROLES[$role]}; do
		key=${line%% *} value=${line#* }
		[[ $key == file ]] || printf -v value %b "$value"
		case $key in
		packages | "$family") packages+=" $value" ;;
		groups) groups+=" $value" ;;
		sudo) rules+="$user $value"$'\n' ;;
		key) keys+=$value$'\t' ;;
		file) key=${value#* } files[${key%% *}]=$value ;; # the role's in place of everyone's
		shell) shell=$value ;;
		primary) primary=$value ;;
		expires)
			printf -v limit '%(%s)T' -1
			limit=$((limit / 86400 + value)) # as shadow has it
			;;
		esac
	done
	unset IFS
	: "${primary:=$user}"
	limit_expiry
	[[ ! $rules ]] || command -v visudo >/dev/null || packages+=' sudo'
}

# A request may ask for less time than the role gives, not for more.
limit_expiry() {
	local days now
	if [[ $expires ]]; then
		days=$(date -ud "$expires" +%s) || die 2 "expires $expires is not in the calendar"
		printf -v now '%(%s)T' -1
		((days > now)) || die 2 "expires $expires is over"
		((days /= 86400))
		if [[ ! $limit ]] || ((days < limit)); then limit=$days; fi
	fi
	[[ ! $limit ]] || printf -v expiry '%(%F)T' $((limit * 86400))
}

# Rules that visudo refuses could stop sudo for all.
check_sudo() {
	[[ $rules ]] || return 0
	must 10 put "$TMP/.rules" "$rules"
	try visudo -c -f "$TMP/.rules" || die 9 "visudo refuses the sudo rules of role $role: ${output%%$'\n'*}"
}

ensure_packages() {
	local name turn names=() missing install=("$manager" -yq install) query=(rpm -q --qf '%{NAME}:installed\n')
	[[ $packages ]] || return 0
	if [[ $manager == apt-get ]]; then
		export DEBIAN_FRONTEND=noninteractive
		install+=(-o DPkg::Lock::Timeout=60 --no-install-recommends)
		query=(dpkg-query -W -f "\${Package}:\${db:Status-Status}\n")
	fi
	for name in $packages; do names+=("$name"); done
	for turn in 1 2; do
		missing=()
		try "${query[@]}" "${names[@]}" 2>/dev/null || true
		for name in "${names[@]}"; do
			has "${output//$'\n'/ }" "$name:installed" || missing+=("$name")
		done
		((${#missing[@]})) || return 0
		((turn < 2)) || die 7 "${missing[*]} not installed though $manager succeeded"
		log info "installing ${missing[*]}"
		[[ $manager != apt-get ]] || try apt-get -yq update || true
		try "${install[@]}" "${missing[@]}" || die 7 "$manager could not install ${missing[*]}: $said"
		did "packages ${missing[*]}"
	done
}

ensure_account() {
	local name fields args=(-M -c "$emp_id" -d "/home/$user" -s "$shell")
	# On record before it is given: a run that is cut off leaves nothing that nobody takes away.
	remember emp_id "$emp_id" status "${record[status]:-unfinished}" groups "${record[groups]}$added" \
		keys "${record[keys]#"$keys"}$keys"
	for name in $groups $primary; do
		[[ $name == "$user" ]] || ensure_group "$name"
	done
	[[ ! $uid ]] || return 0
	if read_entry fields group "$user"; then args+=(-g "$user"); else args+=(-U); fi
	[[ ! $expiry ]] || args+=(-e "$expiry")
	[[ ! ${record[uid]} ]] || args+=(-u "${record[uid]}") # somebody deleted it
	account_tool useradd "${args[@]}" "$user"
	find_account || die 4 "no account $user after useradd"
	outcome=created
	did user
	[[ ! $expiry ]] || did "expires $expiry"
}

# As the user, in the home. What there is stays, unless it is a new home, with the files of /etc/skel.
furnish() { # NEW ROOT KEYS FORMER_KEYS FILE...: says 'furnished' and what is new: keys, files
	local - IFS=$'\t' now='' rest key mode path folder text new_keys='' new_files='' file=.ssh/authorized_keys
	set -f
	[[ -O . || $2 ]] || {
		echo 'belongs to another uid'
		exit 1
	}
	[[ ! -f $file ]] || IFS= read -rd '' now <"$file" || true
	rest=$'\n'$now
	[[ $rest == *$'\n' ]] || rest+=$'\n'
	for key in $3$4; do rest=${rest//$'\n'"$key"$'\n'/$'\n'}; done
	rest=${3//$'\t'/$'\n'}${rest:1}
	if [[ $rest != "$now" ]]; then
		{ { [[ -d .ssh ]] || mkdir .ssh; } && printf %s "$rest" >"$file.new" && mv -fT "$file.new" "$file"; } || exit 1
		new_keys=keys
	fi
	for text in "${@:5}"; do
		mode=${text%% *} text=${text#* }
		path=${text%% *} text=${text#"${text%% *}"}
		printf -v path %b "$path"
		[[ $1 || (! -e $path && ! -L $path) ]] || continue
		folder=./${path%"${path##*/}"}
		{ { [[ -d $folder ]] || mkdir -p "$folder"; } && printf %b "${text# }" >"$path" && chmod "$mode" "$path"; } || exit 1
		new_files=files
	done
	printf 'furnished %s %s' "$new_keys" "$new_files"
}

ensure_home() {
	local fresh='' new=${home%/*}/.provisioning/new
	if [[ ! -e $home && ! -L $home ]]; then # made where only root looks, and moved when complete
		[[ ! -e $new ]] || must 8 rm -rf "$new"
		make_folder 8 "${new%/*}"
		if [[ -d $R/etc/skel ]]; then must 8 cp -RT "$R/etc/skel" "$new"; else must 8 mkdir "$new"; fi
		((EUID)) || must 8 chown -hR "$uid:$gid" "$new"
		must 8 mv -T "$new" "$home"
		did home
		fresh=1
	elif [[ ${record[home]} == closed ]]; then
		must 8 chown "$uid:$gid" "$home"
	fi
	try as_user furnish "$fresh" "$R" "$keys" "${record[keys]}" "${files[@]}" || true
	has "$said" furnished || die 8 "$user cannot write into $home: ${said:0:200}"
	! has "$said" keys || did "ssh keys"
	! has "$said" files || did files
}

alter() { # CHANGE USERMOD_ARGUMENT ...
	did "$1"
	args+=("${@:2}")
}

# What sudo reads so far is $1.
give_rights() { # RULES
	local name fields given='' args=()
	if [[ $rules ]]; then
		[[ $1 == "$rules" ]] || did sudo
		write_file "$sudo_file" 440 "$rules"
		# sudo ignores a folder that /etc/sudoers does not include; visudo lists what sudo reads.
		[[ $R ]] || try visudo -c || true
		if [[ ! $R && $output != *"$sudo_file: parsed OK"* ]]; then
			rm "$sudo_file"
			die 9 "sudo does not read $sudo_file: ${output%%$'\n'*}"
		fi
	fi
	for name in $added; do did "group $name"; done
	added=$kept${added// /,}
	[[ $added == "$kept" ]] || args+=(-G "${added#,}")
	[[ $login == "$shell" ]] || alter shell -s "$shell"
	read_entry fields group "$primary" || true
	[[ ${fields[2]:-} == "$gid" ]] || alter "primary group $primary" -g "$primary"
	read_entry fields shadow "$user" || true
	[[ ${fields[7]:-} == "$limit" ]] || alter "expires ${expiry:-never}" -e "$expiry"
	[[ ${record[password]}${fields[1]:-} != locked!?* ]] || alter "password unlocked" -U
	((! ${#args[@]})) || account_tool usermod "${args[@]}" "$user"
	for name in $groups; do
		! has "${record[groups]}" "$name" || given+=" $name"
	done
	remember uid "$uid" status active role "$role" groups "${given# }" keys "$keys" ssh_key "$ssh_key" password '' home ''
}

reconcile() {
	local now
	[[ $primary ]] || read_role
	read_record
	obey_newest
	find_account || true
	# The employee's own key, given once, stays until another one comes or the employee leaves.
	: "${ssh_key:=${record[ssh_key]:-}}"
	has "${keys//$'\t'/ }" "$ssh_key" || keys+=$ssh_key$'\t'
	read_text now "$sudo_file"
	if [[ $now != "$rules" ]]; then
		! command -v visudo >/dev/null || check_sudo
		drop_sudo
	fi
	take_rights "$groups" "$primary"
	remember # from here on an older word is refused, even if this one fails
	# Sessions keep the groups that they began with.
	[[ ! $removed || $R ]] || home=/ try as_user kill_all "$uid" || true
	ensure_packages
	[[ -x $R$shell || -x $shell ]] || die 8 "no shell $shell here: add its package to role $role"
	[[ $now == "$rules" ]] || check_sudo
	ensure_account
	ensure_home
	give_rights "$now"
}

main "$@"
exit
