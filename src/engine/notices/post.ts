import { promises as dns, type LookupAddress } from "node:dns";
import { type ClientRequest, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { isPublicAddress } from "./address.ts";

/** Resolves a name to all its addresses. */
export type Lookup = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface PostRequest {
  readonly url: URL;
  readonly body: string;
  readonly allowPrivate: boolean;
  readonly signal: AbortSignal;
}

export interface PostResponse {
  readonly status: number;
  /** As the header says it: seconds, or a date. */
  readonly retryAfter?: string;
}

/** POSTs JSON and follows no redirect. Rejects with a PrivateAddress, or with the system's error. */
export type Post = (request: PostRequest) => Promise<PostResponse>;

/** The address is not on the public internet, and the channel does not allow that. */
export class PrivateAddress extends Error {
  override readonly name = "PrivateAddress";
  readonly code = "PRIVATE";
}

/** The answer's body is of no interest; beyond this it is not even read. */
const MOST_BODY_BYTES = 65_536;

/**
 * Posts over node's own client, because it takes a `lookup`: the addresses that are checked are those that the
 * socket then connects to, so a name that resolves to something else a moment later (rebinding) gains nothing.
 */
export function createPost(lookup: Lookup = (hostname) => dns.lookup(hostname, { all: true })): Post {
  return ({ url, body, allowPrivate, signal }) =>
    new Promise((resolve, reject) => {
      const host = url.hostname.replace(/^\[|\]$/g, "");
      if (isIP(host) !== 0 && !allowPrivate && !isPublicAddress(host)) {
        reject(new PrivateAddress(`${host} is a private address`));
        return;
      }
      const send = url.protocol === "https:" ? requestHttps : requestHttp;
      const outgoing: ClientRequest = send(url, {
        method: "POST",
        agent: false,
        signal,
        lookup: checkedLookup(lookup, allowPrivate),
        headers: {
          "content-type": "application/json; charset=utf-8",
          "content-length": Buffer.byteLength(body),
          "user-agent": "rota",
        },
      });
      outgoing.once("error", reject);
      outgoing.once("response", (response) => {
        const retryAfter = response.headers["retry-after"];
        let read = 0;
        response.on("data", (chunk: Buffer) => {
          read += chunk.length;
          if (read > MOST_BODY_BYTES) response.destroy();
        });
        response.on("error", () => {});
        response.once("close", () =>
          resolve({ status: response.statusCode ?? 0, ...(retryAfter === undefined ? {} : { retryAfter }) }),
        );
      });
      outgoing.end(body);
    });
}

function checkedLookup(lookup: Lookup, allowPrivate: boolean): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname).then(
      (found) => {
        const addresses = [...found];
        const refused = addresses.find(({ address }) => !isPublicAddress(address));
        const [first] = addresses;
        if (!first) done(Object.assign(new Error("no address"), { code: "ENOTFOUND" }), "", 0);
        else if (refused && !allowPrivate) done(new PrivateAddress(`${hostname} is at a private address`), "", 0);
        else if (options.all === true) done(null, addresses);
        else done(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => done(error, "", 0),
    );
  };
}
