/** What the end of a process says by convention, and what to do about it. */
export interface ExitMeaning {
  readonly meaning: string;
  readonly fix: string;
}

/** Shells' conventions (POSIX 2.8.2), timeout(1) and docker-run(1), sysexits.h. */
const CODES: ReadonlyMap<number, ExitMeaning> = new Map([
  [1, { meaning: "the program's general failure", fix: "read its last lines" }],
  [2, { meaning: "wrong usage, for shells and most argument parsers", fix: "compare the command with its usage" }],
  [64, { meaning: "wrong usage (EX_USAGE)", fix: "compare the command with its usage" }],
  [65, { meaning: "bad input data (EX_DATAERR)", fix: "look at what the upstream job delivered" }],
  [66, { meaning: "an input is missing (EX_NOINPUT)", fix: "check that the upstream job ran, and its path" }],
  [69, { meaning: "a service is not available (EX_UNAVAILABLE)", fix: "check the service it calls; let it retry" }],
  [70, { meaning: "an internal error of the program (EX_SOFTWARE)", fix: "read its last lines" }],
  [73, { meaning: "it cannot create its output (EX_CANTCREAT)", fix: "check the output's folder and rights" }],
  [74, { meaning: "reading or writing failed (EX_IOERR)", fix: "check the disk's room and health" }],
  [75, { meaning: "a passing failure (EX_TEMPFAIL)", fix: "give the job retries: retry: { attempts: 3 }" }],
  [77, { meaning: "permission denied (EX_NOPERM)", fix: "check the rights of the run's user or role" }],
  [78, { meaning: "a configuration error (EX_CONFIG)", fix: "check its configuration and environment" }],
  [124, { meaning: "timeout(1) ended it", fix: "raise the timeout in its command, or make it faster" }],
  [125, { meaning: "docker, podman or timeout itself failed", fix: "check image, flags and the container runtime" }],
  [
    126,
    {
      meaning: "the command was found and cannot be executed",
      fix: "make it executable (chmod +x), and check its first line and the machine's architecture",
    },
  ],
  [
    127,
    {
      meaning: "the command was not found",
      fix: "check its name, PATH and working directory, and that the image has it",
    },
  ],
]);

const SIGNALS: ReadonlyMap<string, ExitMeaning & { readonly number: number }> = new Map([
  ["SIGHUP", { number: 1, meaning: "its terminal or parent went away", fix: "start it from rota, not from a session" }],
  ["SIGINT", { number: 2, meaning: "it was interrupted", fix: "find who sent the interrupt" }],
  ["SIGILL", { number: 4, meaning: "an illegal instruction", fix: "build it for this machine's processor" }],
  ["SIGABRT", { number: 6, meaning: "it aborted itself", fix: "read its last lines: an assertion, or memory damage" }],
  [
    "SIGBUS",
    { number: 7, meaning: "a bad memory access", fix: "check that mapped files did not shrink and the disk has room" },
  ],
  ["SIGFPE", { number: 8, meaning: "an arithmetic error", fix: "look for a division by zero in native code" }],
  [
    "SIGKILL",
    {
      number: 9,
      meaning: "it was killed at once, as the kernel does when memory runs out",
      fix: "look for an out-of-memory kill in the kernel's log or at the provider; raise memory, or use less",
    },
  ],
  [
    "SIGSEGV",
    { number: 11, meaning: "a bad memory access", fix: "update the native library that its last lines name" },
  ],
  [
    "SIGPIPE",
    { number: 13, meaning: "what it wrote to had closed", fix: "check the program at the other end of its pipe" },
  ],
  ["SIGALRM", { number: 14, meaning: "its own alarm clock ended it", fix: "raise its own time limit" }],
  [
    "SIGTERM",
    {
      number: 15,
      meaning: "something asked it to stop",
      fix: "look at who stops processes there: a shutdown, a deploy, an operator or an autoscaler",
    },
  ],
  ["SIGXCPU", { number: 24, meaning: "it passed its limit of CPU time (ulimit -t)", fix: "raise the limit" }],
  ["SIGXFSZ", { number: 25, meaning: "a file grew past its limit (ulimit -f)", fix: "raise the limit, or write less" }],
]);

/** The signal that an exit code above 128 stands for, as shells and container runtimes report it. */
export function signalOfCode(code: number): string | undefined {
  for (const [name, { number }] of SIGNALS) if (code === 128 + number) return name;
  return undefined;
}

export function meaningOfCode(code: number): ExitMeaning | undefined {
  return CODES.get(code);
}

export function meaningOfSignal(signal: string): ExitMeaning | undefined {
  return SIGNALS.get(signal.toUpperCase());
}

interface Symptom {
  readonly pattern: RegExp;
  readonly fix: string;
}

/** Last words that name their own cause. */
const SYMPTOMS: readonly Symptom[] = [
  {
    pattern: /no space left on device|ENOSPC|disk quota exceeded/i,
    fix: "make room on its disk, or set guard.disk so that it is seen earlier",
  },
  {
    pattern: /MemoryError|out of memory|OutOfMemoryError|cannot allocate memory|ENOMEM/i,
    fix: "raise the job's memory, or use less",
  },
  {
    pattern: /ModuleNotFoundError|ImportError|Cannot find (?:module|package)|ClassNotFoundException/i,
    fix: "install the missing module where the job runs; pin the versions that work",
  },
  {
    pattern: /permission denied|EACCES|AccessDenied|not authorized|403 Forbidden/i,
    fix: "give the run's user or role the right that it names",
  },
  {
    pattern: /401 Unauthorized|authentication failed|invalid credentials|token (?:has )?expired/i,
    fix: "renew the credential that it uses",
  },
  {
    pattern: /could not resolve host|name or service not known|ENOTFOUND|getaddrinfo/i,
    fix: "check the host's name and the run's DNS",
  },
  {
    pattern: /connection refused|ECONNREFUSED|connection timed out|ETIMEDOUT|network is unreachable/i,
    fix: "check that the service it calls is up and reachable from there",
  },
  {
    pattern: /no such file or directory|FileNotFoundError|ENOENT/i,
    fix: "check that the upstream job delivered the file, and the working directory",
  },
  {
    pattern: /(?:column|field|table|relation) .*(?:does not exist|not found)|KeyError|schema mismatch/i,
    fix: "compare the input's columns with what the job expects: the upstream data changed",
  },
  { pattern: /exec format error/i, fix: "use an image built for this machine's architecture" },
];

/** What keeps a command or an image from starting. */
const START_SYMPTOMS: readonly Symptom[] = [
  { pattern: /ENOENT|not found|no such file/i, fix: "check the command's name, PATH and working directory" },
  { pattern: /EACCES|permission denied/i, fix: "make the command executable (chmod +x) for the run's user" },
  { pattern: /exec format error|ENOEXEC/i, fix: "give the script a first line (#!), or build for this machine" },
  { pattern: /E2BIG|argument list too long/i, fix: "pass less in its arguments and environment" },
  { pattern: /EAGAIN|ENOMEM|resource temporarily unavailable/i, fix: "the machine is full: run fewer at once" },
  { pattern: /secret/i, fix: "check that the secret's reference exists at the provider" },
  { pattern: /pull|manifest unknown|image/i, fix: "check the image's name and digest, and the right to pull it" },
  { pattern: /quota|limit exceeded|throttl/i, fix: "ask the provider for more quota, or start fewer at once" },
];

/** What to do about a start that failed with these words. */
export function startFix(reason: string): string | undefined {
  return START_SYMPTOMS.find(({ pattern }) => pattern.test(reason))?.fix;
}

/** The last line that names a known cause, with what to do. */
export function symptomIn(lines: readonly string[]): { readonly line: string; readonly fix: string } | undefined {
  for (const line of lines.toReversed()) {
    const symptom = SYMPTOMS.find(({ pattern }) => pattern.test(line));
    if (symptom) return { line: line.trim(), fix: symptom.fix };
  }
  return undefined;
}
