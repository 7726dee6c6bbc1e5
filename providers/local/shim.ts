import { createHash } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "./durable.ts";

/**
 * The keeper of one run: a POSIX shell that outlives the daemon, so that a run goes on, ends and leaves its exit
 * status while nobody is there. Arguments: folder, run, mark, limit, grace (seconds, or empty), cgroup (or empty),
 * setsid (or empty), then the command, which it never looks into.
 *
 * - The claim is made with O_EXCL: of two keepers with the same folder one runs the command.
 * - Every variable starts with _rota: a shell keeps what it imported exported, and must not change the command's.
 * - A shell says on its own stderr that a child died of a signal ("Killed"); an exit code above 128 alone does not
 *   tell it from `exit 137`. SIGINT and SIGPIPE are never mentioned by any shell.
 * - The exit status is written over room that was taken before the start: a full disk does not swallow it.
 * - An EXIT trap in the child fires only when exec did not take place.
 */
const SCRIPT = `
_rota_dir=$1 _rota_run=$2 _rota_mark=$3 _rota_limit=$4 _rota_grace=$5 _rota_cgroup=$6 _rota_setsid=$7
shift 7
( set -C; printf '%s\\n' "$$" > "$_rota_dir/claim" ) 2>/dev/null || exit 0
trap : TERM INT HUP QUIT USR1 USR2 PIPE

_rota_ticks_of() {
  _rota_ticks=0
  [ -r "$1" ] || return 0
  read -r _rota_stat < "$1"
  _rota_pid=\${_rota_stat%% *}
  _rota_stat=\${_rota_stat##*) }
  set -- $_rota_stat
  _rota_ticks=\${20}
}
_rota_uptime() {
  _rota_up=
  [ -r /proc/uptime ] && read -r _rota_up _rota_rest < /proc/uptime
}
_rota_boot=unknown
[ -r /proc/sys/kernel/random/boot_id ] && read -r _rota_boot < /proc/sys/kernel/random/boot_id
_rota_ticks_of "/proc/$$/stat"
printf '%s %s %s end\\n' "$$" "$_rota_ticks" "$_rota_boot" > "$_rota_dir/keeper"

_rota_signal() {
  if [ -n "$_rota_cgroup" ] && [ -r "$_rota_cgroup/cgroup.procs" ]; then
    if [ "$1" = KILL ]; then printf 1 2>/dev/null > "$_rota_cgroup/cgroup.kill"; fi
    while read -r _rota_pid; do kill "-$1" "$_rota_pid"; done < "$_rota_cgroup/cgroup.procs"
  fi
  for _rota_file in $(grep -lsF "ROTA_TREE=$_rota_mark" /proc/[0-9]*/environ); do
    _rota_pid=\${_rota_file#/proc/}
    kill "-$1" "\${_rota_pid%/environ}"
  done
  if [ -r "$_rota_dir/child" ] && [ ! -e /proc/self/stat ]; then
    read -r _rota_pid _rota_rest < "$_rota_dir/child"
    kill "-$1" "$_rota_pid"
  fi
}
_rota_watch() {
  sleep "$_rota_limit" & _rota_sleep=$!
  trap 'kill "$_rota_sleep"; exit' TERM
  wait "$_rota_sleep" || exit
  _rota_said=
  read -r _rota_said < "$_rota_dir/exit"
  [ -n "$_rota_said" ] && exit
  : > "$_rota_dir/limit"
  _rota_signal TERM
  _rota_signal CONT
  sleep "$_rota_grace" & _rota_sleep=$!
  wait "$_rota_sleep"
  for _rota_try in 1 2 3 4 5 6 7 8 9 10; do
    _rota_signal KILL
    sleep 1
  done
}
_rota_watcher=
if [ -n "$_rota_limit" ]; then
  _rota_watch > /dev/null 2>&1 &
  _rota_watcher=$!
fi

exec 3>&2 2> "$_rota_dir/keeper.err"
(
  trap ': > "$_rota_dir/unstarted"' EXIT
  if [ -n "$_rota_cgroup" ]; then
    { printf 0 > "$_rota_cgroup/cgroup.procs"; } 2>/dev/null || _rota_cgroup=
  fi
  _rota_pid=0
  if [ -r /proc/self/stat ]; then _rota_ticks_of /proc/self/stat; else _rota_pid=$(exec sh -c 'echo "$PPID"'); fi
  _rota_uptime
  printf '%s %s %s %s %s end\\n' "$_rota_pid" "$_rota_ticks" "$_rota_boot" "\${_rota_up:--}" "\${_rota_cgroup:+cgroup}" > "$_rota_dir/child"
  unset ROTA_KEEPER
  export ROTA_RUN="$_rota_run" ROTA_TREE="$_rota_mark"
  exec $_rota_setsid "$@" 2>&3 3>&-
)
_rota_code=$?
_rota_uptime
_rota_words=
read -r _rota_words < "$_rota_dir/keeper.err"
printf '%s\\n%s\\n%s\\nend\\n' "$_rota_code" "\${_rota_up:--}" "$_rota_words" 1<> "$_rota_dir/exit"
[ -n "$_rota_watcher" ] && kill "$_rota_watcher"
exit 0
`;

/** Puts the script where the runs' keepers read it; its name is its hash, so that a later version has its own. */
export async function installShim(stateDir: string): Promise<string> {
  const hash = createHash("sha256").update(SCRIPT).digest("hex").slice(0, 16);
  const path = join(stateDir, `keeper-${hash}.sh`);
  const there = await stat(path).catch(() => undefined);
  if (there?.size === Buffer.byteLength(SCRIPT)) return path;
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await writeDurably(path, SCRIPT);
  return path;
}
