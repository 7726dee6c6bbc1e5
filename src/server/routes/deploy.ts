import type { ApplyRequest } from "../../engine/control.ts";
import { actorOf, type RouteGroup, STREAM_MS } from "../context.ts";
import { answers, body } from "../schemas/index.ts";

/** The resolved manifest travels with the request: 50,000 jobs are some 60 MB of JSON. */
const MOST_BYTES = 128 * 1024 * 1024;

/**
 * `apply` and `destroy`, over the unix socket alone: what is deployed decides which commands run on this
 * machine, which is more than the token of the page may say.
 */
export const deployRoutes: RouteGroup = (app, context) => {
  if (context.transport !== "socket") return;
  app.post<{ Body: ApplyRequest & { by?: string } }>(
    "/api/apply",
    {
      config: { access: "change" },
      bodyLimit: MOST_BYTES,
      handlerTimeout: STREAM_MS,
      schema: {
        summary: "Carry out a plan (unix socket only)",
        body: body({
          desired: { type: "object", description: "The manifest as the CLI resolved it, with slots" },
          "plan?": { type: "object", description: "The plan that was approved; absent: whatever is needed now" },
          "purpose?": { type: "string", enum: ["apply", "destroy"] },
          "override?": { type: "string", minLength: 1, maxLength: 500 },
          "by?": { type: "string", minLength: 1, maxLength: 80 },
        }),
        response: answers({ type: "object", additionalProperties: true }, "What was done, or why not"),
      },
    },
    async (request) => {
      const { by: _by, ...order } = request.body;
      return { schema: "rota.apply/1", ...(await context.control.apply(order, actorOf(request, context))) };
    },
  );
};
