const TOKEN = "rota.token";

/** An error the server told of: `{ code, message, fix? }` and its status. */
export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.message);
    this.status = status;
    this.code = problem.code;
    this.fix = problem.fix;
  }
}

/** Takes the token out of `#token=…`, at once, so that it stays in no history, bookmark or screenshot. */
export function takeTokenFromAddress() {
  const match = /^#token=([A-Za-z0-9_-]+)/.exec(location.hash);
  if (!match) return;
  sessionStorage.setItem(TOKEN, match[1]);
  history.replaceState(null, "", "#/");
}

export function hasToken() {
  return sessionStorage.getItem(TOKEN) !== null;
}

export function setToken(token) {
  if (token === null) sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
}

function headers(more) {
  const token = sessionStorage.getItem(TOKEN);
  return { ...(token ? { authorization: `Bearer ${token}` } : {}), ...more };
}

async function checked(response) {
  if (response.ok) return response;
  const told = await response.json().catch(() => undefined);
  throw new ApiError(
    response.status,
    told?.error ?? { code: "unknown", message: `the server answered ${response.status}` },
  );
}

export async function get(path, signal) {
  const response = await fetch(path, { headers: headers(), signal, cache: "no-store" });
  return (await checked(response)).json();
}

export async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: headers({ "content-type": "application/json" }),
    body: JSON.stringify(body),
  });
  return (await checked(response)).json();
}

/** Calls `onText` with each piece of a text that may go on for long. */
export async function stream(path, onText, signal, more) {
  const response = await checked(await fetch(path, { headers: headers(more), signal, cache: "no-store" }));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onText(value);
  }
}

const RETRY_MS = 2000;
const MOST_RETRY_MS = 30_000;

/**
 * Live events for as long as the page is open. Not EventSource, which cannot send the token. `onEvent`
 * gets the event's name and data, `onLink` whether the line stands.
 */
export async function listen(onEvent, onLink) {
  let last = "";
  let wait = RETRY_MS;
  for (;;) {
    try {
      let rest = "";
      const take = (text) => {
        if (rest === "" && text !== "") {
          onLink(true);
          wait = RETRY_MS;
        }
        const blocks = (rest + text).split("\n\n");
        rest = blocks.pop() ?? "";
        for (const block of blocks) last = tell(block, onEvent) ?? last;
      };
      await stream("/api/events", take, undefined, last ? { "last-event-id": last } : {});
    } catch {
      // The line is down: said below, and tried again.
    }
    onLink(false);
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 1.5, MOST_RETRY_MS);
  }
}

function tell(block, onEvent) {
  const field = (name) => block.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1];
  const data = field("data");
  if (data === undefined) return undefined;
  onEvent(field("event") ?? "message", JSON.parse(data));
  return field("id");
}
