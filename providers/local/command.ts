import { access, constants, stat } from "node:fs/promises";
import { resolve } from "node:path";

/** Why the command cannot be started, in words, or undefined when nothing speaks against it. */
export async function whyNotStartable(
  command: string,
  cwd: string,
  path: string,
): Promise<{ readonly reason: string; readonly exitCode: 126 | 127 } | undefined> {
  const folder = await stat(cwd).catch(() => undefined);
  if (!folder?.isDirectory()) return { reason: `the working directory ${cwd} does not exist`, exitCode: 127 };
  const candidates = command.includes("/")
    ? [resolve(cwd, command)]
    : path.split(":").map((entry) => resolve(cwd, entry === "" ? "." : entry, command));
  let found = false;
  for (const candidate of candidates) {
    const file = await stat(candidate).catch(() => undefined);
    if (!file?.isFile()) continue;
    found = true;
    if (await isExecutable(candidate)) return undefined;
  }
  if (found) return { reason: `${command} is not executable (chmod +x?)`, exitCode: 126 };
  const where = command.includes("/") ? `relative to ${cwd}` : `in PATH=${path}`;
  return { reason: `command not found: ${command} (${where})`, exitCode: 127 };
}

/** The first executable of that name in PATH. */
export async function findExecutable(name: string, path: string | undefined): Promise<string | undefined> {
  for (const entry of (path ?? "").split(":")) {
    const candidate = resolve(entry === "" ? "." : entry, name);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
