import { createHash } from "node:crypto";
import type { RouteGroup } from "../context.ts";

/** The page's files, from memory: the address is looked up whole, no path reaches the disk. */
export const pageRoutes: RouteGroup = (app, context) => {
  for (const asset of context.page ?? []) {
    const etag = `"${createHash("sha256").update(asset.body).digest("base64url")}"`;
    app.get(asset.path, { config: { access: "open" }, schema: { hide: true } }, (request, reply) => {
      reply.header("etag", etag).header("cache-control", "no-cache");
      if (request.headers["if-none-match"] === etag) return reply.code(304).send();
      return reply.type(asset.type).send(asset.body);
    });
  }
};
