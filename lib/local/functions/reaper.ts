import { spawn } from "node:child_process";

/** Kills every process still on its list when this process dies, however it dies. */
export interface Reaper {
  add(pid: number): void;
  remove(pid: number): void;
  stop(): void;
}

// Reads "add PID" and "remove PID"; the end of its input means that the stack is gone.
const script = `
trap '' INT TERM HUP
list=''
while read -r action pid; do
  kept=''
  for each in $list; do [ "$each" = "$pid" ] || kept="$kept $each"; done
  list=$kept
  if [ "$action" = add ]; then list="$list $pid"; fi
done
if [ -n "$list" ]; then kill -9 $list 2>/dev/null; fi
`;

/**
 * A function that is stuck in a synchronous loop never sees its channel close, so a shell (1 MB) outlives the stack
 * by a moment and kills what is left.
 */
export function startReaper(): Reaper {
  const shell = spawn("/bin/sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore"], env: {} });
  // Without a shell the processes still leave by themselves, all but the stuck ones.
  shell.on("error", () => undefined);
  shell.stdin.on("error", () => undefined);
  shell.unref();
  return {
    add: (pid) => void shell.stdin.write(`add ${pid}\n`),
    remove: (pid) => void shell.stdin.write(`remove ${pid}\n`),
    stop: () => void shell.stdin.end(),
  };
}
