import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { SECURITY_HEADERS } from "./headers.ts";
import { Problem, problemObject } from "./problem.ts";

/** What Node's own parser refuses, by the code of its error; anything else is no HTTP at all. */
const UNREAD: Readonly<Record<string, Problem>> = {
  ERR_HTTP_REQUEST_TIMEOUT: new Problem(408, "timeout", "the request took too long to arrive"),
  HPE_HEADER_OVERFLOW: new Problem(431, "tooLarge", "the headers are larger than this API takes"),
};
const NO_HTTP: Problem = new Problem(400, "invalid", "this is not a valid HTTP request");
const NO_EXPECTATION: Problem = new Problem(
  417,
  "invalid",
  "this expectation cannot be met",
  "leave out the Expect header",
);

/** The latest answer on each connection. */
const answers = new WeakMap<Socket, ServerResponse>();

/** To be told of every answer before it begins. */
export function noteAnswer(answer: ServerResponse): void {
  const { socket } = answer;
  if (socket) answers.set(socket, answer);
}

/** Answers a request that reaches neither hook nor route, in the shape of every other error, and ends the connection. */
export function answerUnread(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const problem = UNREAD[error.code ?? ""] ?? NO_HTTP;
  const latest = answers.get(socket);
  // In the middle of an answer, another would be read as a part of it.
  const isAnswering = latest?.headersSent === true && !latest.writableFinished;
  if (!socket.writable || isAnswering) {
    socket.destroy(error);
    return;
  }
  const body = bodyOf(problem);
  const headers = Object.entries(headersOf(body)).map(([name, value]) => `${name}: ${value}\r\n`);
  const { status } = problem;
  // The rest of what it sends is read by nobody.
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers.join("")}\r\n${body}`, () =>
    socket.destroy(error),
  );
}

/** `Expect` with anything but 100-continue, which Node would answer with nothing in it. */
export function refuseExpectations(server: Pick<Server, "on">): void {
  server.on("checkExpectation", (_request: IncomingMessage, response: ServerResponse) => {
    const body = bodyOf(NO_EXPECTATION);
    response.writeHead(NO_EXPECTATION.status, headersOf(body)).end(body);
  });
}

function bodyOf(problem: Problem): string {
  return JSON.stringify(problemObject(problem));
}

function headersOf(body: string): Readonly<Record<string, string>> {
  return {
    ...SECURITY_HEADERS,
    "content-type": "application/json; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
    "cache-control": "no-store",
    connection: "close",
  };
}
