import { request } from "node:http";
import { ControlError } from "../engine/control.ts";
import { statePaths } from "../engine/home/index.ts";
import { type CommonOptions, stateDir } from "./command.ts";
import { requireOwner } from "./owner.ts";
import { CommandError, type World } from "./world.ts";

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** An answer's problem, as the API says it (docs/api.md). */
interface ProblemBody {
  readonly error?: { readonly code?: string; readonly message?: string; readonly fix?: string };
}

/**
 * The running daemon's answer to a GET, or undefined when no daemon runs on this state; also when `patience` ends
 * before one that stands still has answered.
 */
export async function askDaemon<T>(
  world: World,
  options: CommonOptions,
  path: string,
  patience?: AbortSignal,
): Promise<T | undefined> {
  const answer = await send(world, options, "GET", path, undefined, patience);
  return answer === undefined ? undefined : (read(answer) as T);
}

/** Has the daemon change something; without one, says how to start it. */
export async function tellDaemon<T>(world: World, options: CommonOptions, path: string, body: object): Promise<T> {
  const answer = await send(world, options, "POST", path, { by: userName(world), ...body });
  if (answer === undefined) {
    throw new CommandError(`no daemon runs on ${await stateDir(world, options)}`, "start it with: rota up");
  }
  return read(answer) as T;
}

/** A text that grows while the daemon sends it (`logs -f`). False when no daemon runs. */
export async function streamDaemon(
  world: World,
  options: CommonOptions,
  path: string,
  write: (text: string) => void,
): Promise<boolean> {
  const paths = statePaths(await stateDir(world, options));
  await requireOwner(paths, options);
  const socketPath = paths.socket;
  return new Promise((resolve, reject) => {
    const call = request(
      { socketPath, path, method: "GET", headers: { host: "localhost" }, signal: world.interrupted },
      (response) => {
        response.setEncoding("utf8");
        if (response.statusCode === 200) response.on("data", write);
        let problem = "";
        if (response.statusCode !== 200) response.on("data", (text: string) => (problem += text));
        response.on("end", () => {
          if (response.statusCode === 200) return resolve(true);
          try {
            read({ status: response.statusCode ?? 500, body: problem });
          } catch (error) {
            reject(error as Error);
          }
        });
        response.on("error", (error) => (world.interrupted.aborted ? resolve(true) : reject(error)));
      },
    );
    call.on("error", (error: NodeJS.ErrnoException) => {
      if (isAbsent(error)) resolve(false);
      else if (world.interrupted.aborted) resolve(true);
      else reject(error);
    });
    call.end();
  });
}

/** Who asks, for the record. */
export function userName({ env, account }: World): string {
  return env["USER"] || env["LOGNAME"] || account || "unknown";
}

async function send(
  world: World,
  options: CommonOptions,
  method: "GET" | "POST",
  path: string,
  body?: object,
  patience?: AbortSignal,
): Promise<Answer | undefined> {
  const paths = statePaths(await stateDir(world, options));
  await requireOwner(paths, options);
  const socketPath = paths.socket;
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = {
      host: "localhost",
      ...(text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
    };
    const signal = patience ? AbortSignal.any([world.interrupted, patience]) : world.interrupted;
    const failed = (error: NodeJS.ErrnoException): void =>
      isAbsent(error) || patience?.aborted ? resolve(undefined) : reject(error);
    const call = request({ socketPath, path, method, headers, signal }, (response) => {
      let answer = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (answer += part));
      response.on("end", () => resolve({ status: response.statusCode ?? 500, body: answer }));
      response.on("error", failed);
    });
    call.on("error", failed);
    call.end(text);
  });
}

/** Nobody listens: there is no daemon, or it died and left its socket behind. */
function isAbsent(error: NodeJS.ErrnoException): boolean {
  return error.code === "ENOENT" || error.code === "ECONNREFUSED";
}

function read(answer: Answer): unknown {
  const body: unknown = parse(answer);
  if (answer.status < 400) return body;
  const { error } = body as ProblemBody;
  const code = answer.status === 404 ? "notFound" : answer.status === 503 ? "unavailable" : "refused";
  throw new ControlError(code, error?.message ?? `the daemon answered ${answer.status}`, error?.fix);
}

function parse({ status, body }: Answer): unknown {
  try {
    return body === "" ? {} : JSON.parse(body);
  } catch {
    throw new CommandError(
      `the daemon's answer (${status}) cannot be read`,
      "is it another version? restart it: rota up",
    );
  }
}
