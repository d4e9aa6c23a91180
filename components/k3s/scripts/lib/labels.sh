# shellcheck shell=bash disable=SC2034,SC2153 # parts of one script share their names
# Labels and taints: set on the living node, without a restart. What we set before and is not
# wanted any more is taken away; what others set stays.

# mark_key LINE: what names the label or taint, without its value: `key` or `key:Effect`
mark_key() {
  if [[ $1 == *:* ]]; then
    printf '%s:%s' "${1%%=*}" "${1##*:}"
  else
    printf '%s' "${1%%=*}"
  fi
}

# mark_keys LINES
mark_keys() {
  local line
  while IFS= read -r line; do
    [[ -z $line ]] || { mark_key "$line" && printf '\n'; }
  done <<<"$1"
}

# reconcile_marks label|taint LINES: a line each, key=value or key=value:Effect
reconcile_marks() {
  local verb=$1 wanted=$2 before key line changes=()
  before=$(recorded "${verb}s")
  [[ $before != "$wanted" ]] || return 0
  while IFS= read -r key; do
    [[ -z $key ]] || mark_keys "$wanted" | grep -qxF -- "$key" || changes+=("$key-")
  done < <(mark_keys "$before")
  while IFS= read -r line; do
    [[ -z $line ]] || changes+=("$line")
  done <<<"$wanted"
  if ((${#changes[@]})); then
    kube "$verb" node "$NODE" --overwrite "${changes[@]}" >/dev/null 2>"$RUN/api/error" ||
      die "the API refuses the ${verb}s ${changes[*]}: $(head -n 1 "$RUN/api/error")"
    say "${verb}s set: ${changes[*]}"
  fi
  record "${verb}s" "$wanted"
}
