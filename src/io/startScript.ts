import { grantScript } from './grants.ts'
import { keptHeadBytes, keptTailBytes, leftOutText, longestLogBytes } from './logBound.ts'

/**
 * The shell that starts recipes reads this first, and then, for each of them, a line with the name of its attempt: a shell
 * reads what it is sent byte by byte, so what there is to know of it is in \`order\`. For each it has a small process that
 * waits for the recipe and writes down its exit, whether labmake lives or not; it is in no group or session of the recipe, so
 * that it still does where the recipe was killed with all that belongs to it.
 *
 * `pid` in the folder of an attempt is made first of all, where it is not there yet: whoever makes it decides whether the
 * recipe starts (see claimAttempt). It says which process leads the recipe's session and which one waits for that; what the
 * system tells of the first; and who looks after the log, since which start of the machine, and where that is.
 *
 * `exit` has the times of the recipe with all that it waited for, the bytes that these read and wrote, and, last, so that it
 * is whole where that is there, the status. On a full disk it is written over the order, which has the room for it. What is told on 3 is for the labmake that gave the order. It may be gone, and
 * who writes to it then is ended: so it is the last thing that is done, or done before anything is.
 *
 * Names begin with _ : the values of a recipe are exported here, and no name of theirs does.
 */
export const startScript = `
_boot=-
read -r _boot </proc/sys/kernel/random/boot_id
# By its whole path: to try a dozen folders for each recipe takes longer than to start it.
_session=$(command -v setsid) || _session='perl -MPOSIX=setsid -e setsid;exec@ARGV'

_myself() {
  if read -r _told </proc/self/stat; then
    _pid=\${_told%% *}
    set -- \${_told##*) }
    _waits=$2
  else
    _pid=$(exec sh -c 'echo $PPID')
    _waits=$(ps -o ppid= -p "$_pid")
    _told=$(ps -o lstart= -p "$_pid")
  fi
}

go() {
  # So it forgets those that have ended.
  jobs >/dev/null
  _attempt "$1" &
}

_attempt() {
  _slug=$1 _folder=.labmake/running/$1
  . "./$_folder/order"
}

start() {
  _log=$1 _grant=$2
  shift 2
  (
    _myself
    echo "began $_slug $_pid $_waits $_told" >&3
    set -C
    printf '%s\\n' "$_pid $_waits" "$_told" "$$ $_boot $_log" >"$_folder/pid" || exit 125
    [ -z "$_grant" ] || _hold || exit 1
    exec $_session "$@" </dev/null >>"$_log" 2>&1 3>&-
  )
  _status=$?
  case $_status in 125 | 141)
    # So it ends, too, where it was given up or nobody was there to hear of it: then it never began.
    _who=nobody
    read -r _who <"$_folder/pid"
    [ "$_who" != nobody ] || exit
    [ -n "$_who" ] || _status=-
  esac
  _bytes=
  { read -r _read && read -r _written && _bytes="$_read $_written"; } </proc/self/io
  _tell >"$_folder/exit" || { _tell 1<>"$_folder/order" && mv "$_folder/order" "$_folder/exit"; }
  echo "ended $_slug $_status" >&3
}

_tell() {
  times
  printf '%s\\n' "$_bytes" "exit $_status"
}

# See grants.ts.
_hold() {
${grantScript}
}

# labmake has ended, or this shell cannot go on. What runs does, and its logs are kept short until the last of it has ended.
_keep() {
  trap '' PIPE
  echo gone >&3
  while :; do
    jobs >/dev/null
    _left=
    for _file in .labmake/running/*/pid; do
      [ ! -e "\${_file%pid}exit" ] || continue
      { read -r _pid _waits && read -r _told && read -r _keeper _since _log; } <"$_file" || continue
      [ "$_keeper $_since" = "$$ $_boot" ] && kill -0 "$_waits" || continue
      _left=1
      [ -z "$(find "$_log" -size +${(1.5 * longestLogBytes) / 512})" ] || _shorten "$_log"
    done
    [ -n "$_left" ] || return
    sleep 2
  done
}

# As boundLog does it, at a length that no log has where a labmake is at work again.
_shorten() {
  _size=$(wc -c <"$1")
  _line=$(tail -c +${keptHeadBytes + 2} "$1" | head -n 1)
  _before=\${_line#"${leftOutText.before}"}
  _before=\${_before%"${leftOutText.after}"}
  case $_before in
    '' | *[!0-9]*) _before=0 ;;
    *) _before=$((_before - \${#_line} - 2)) ;;
  esac
  tail -c ${keptTailBytes} "$1" >"$1.tail" || : >"$1.tail"
  _kept=$(wc -c <"$1.tail")
  dd if=/dev/null of="$1" bs=${keptHeadBytes} seek=1
  {
    echo
    echo "${leftOutText.before}$((_size - ${keptHeadBytes} - _kept + _before))${leftOutText.after}"
    cat "$1.tail"
  } >>"$1"
  rm -f "$1.tail"
}
trap _keep EXIT
`
