import { access, constants, mkdir, statfs } from "node:fs/promises";
import type { Finding } from "../../src/provider/index.ts";
import type { Host } from "./host.ts";

const LOW_BYTES = 1024 * 1024 * 1024;

/** What `doctor` says of this machine. Never throws. */
export async function checkHost(host: Host): Promise<readonly Finding[]> {
  return [await checkFolder(host), await checkRoom(host), checkProc(host), checkCgroup(host), ...checkTools(host)];
}

async function checkFolder(host: Host): Promise<Finding> {
  try {
    await mkdir(host.runsDir, { recursive: true, mode: 0o700 });
    await access(host.runsDir, constants.W_OK);
    return { check: "state folder", ok: true, detail: `${host.runsDir} is writable` };
  } catch (error) {
    const fix = "let the daemon's user write there, or choose another with --state";
    return { check: "state folder", ok: false, detail: String(error), fix };
  }
}

async function checkRoom(host: Host): Promise<Finding> {
  try {
    const { bavail, bsize } = await statfs(host.context.stateDir);
    const free = bavail * bsize;
    const detail = `${Math.floor(free / 1024 / 1024)} MiB free for output and state`;
    if (free >= LOW_BYTES) return { check: "disk", ok: true, detail };
    return { check: "disk", ok: "warning", detail, fix: "a full disk stops every start: make room" };
  } catch (error) {
    return { check: "disk", ok: "warning", detail: String(error) };
  }
}

function checkProc(host: Host): Finding {
  if (host.hasProc) return { check: "processes", ok: true, detail: "/proc tells CPU, bytes and the tree of a run" };
  return {
    check: "processes",
    ok: "warning",
    detail:
      "no /proc here: CPU and bytes of a run are unknown, idleness is not judged, and a stop reaches the process group only",
    fix: "run production on Linux",
  };
}

function checkCgroup(host: Host): Finding {
  const parent = host.cgroupParent();
  if (parent !== undefined) {
    return { check: "cgroup", ok: true, detail: `each run gets its own below ${parent}` };
  }
  return {
    check: "cgroup",
    ok: "warning",
    detail: "no cgroup v2 may be made: the processes of a run are found by their environment in /proc",
    fix: "give the daemon a delegated cgroup, e.g. systemd's Delegate=yes, or run it as root",
  };
}

function checkTools(host: Host): Finding[] {
  const tool = (check: string, path: string | undefined, without: string, fix: string): Finding =>
    path === undefined ? { check, ok: "warning", detail: without, fix } : { check, ok: true, detail: path };
  return [
    tool("ss", host.ss, "bytes sent and received by a run are unknown", "install iproute2"),
    tool(
      "fallocate",
      host.fallocate,
      "dropping the middle of long output may lose a little more",
      "install util-linux",
    ),
    tool("setsid", host.setsid, "a run shares a process group with its keeper", "install util-linux"),
    tool("container tool", host.containerTool, "container jobs cannot be run here", "install podman or docker"),
  ];
}
