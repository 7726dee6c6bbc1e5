import swagger from "@fastify/swagger";
import fastify, { type FastifyInstance, LogController } from "fastify";
import type { RouteContext } from "./context.ts";
import { type Access, admit, type GateOptions } from "./gate.ts";
import { SECURITY_HEADERS } from "./headers.ts";
import { answerError, Problem } from "./problem.ts";
import { routeGroups } from "./routes/index.ts";
import { commonSchemas, runSchemas, statusSchemas, viewSchemas } from "./schemas/index.ts";
import { answerUnread, noteAnswer, refuseExpectations } from "./unread.ts";

const BODY_BYTES = 16 * 1024;
const HEADER_BYTES = 8 * 1024;
const HEADERS_MS = 5000;
const REQUEST_MS = 10_000;
/** How often Node looks for senders past their time; its own default of 30 s would make the limits that coarse. */
const CHECK_MS = 1000;
const KEEP_ALIVE_MS = 5000;
const HANDLER_MS = 30_000;
const CONNECTIONS = 512;

/** The application for one transport; the same routes on each. */
export async function createApp(context: RouteContext, gate: GateOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: context.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    handlerTimeout: HANDLER_MS,
    forceCloseConnections: true,
    // An address that cannot be decoded reaches no hook and no route.
    frameworkErrors: (error, request, reply) => {
      void answerError(error, request, reply.headers(SECURITY_HEADERS));
    },
    return503OnClosing: false,
    routerOptions: { maxParamLength: 512 },
    // A request that Node itself refuses (malformed, too slow) never reaches the hooks.
    clientErrorHandler: answerUnread,
    http: {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: HEADERS_MS,
      connectionsCheckingInterval: CHECK_MS,
      // The gate refuses one without Host, and says so.
      requireHostHeader: false,
    },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: "array", allErrors: false } },
  });
  app.server.maxConnections = CONNECTIONS;
  refuseExpectations(app.server);
  // Answers are sent as the views made them: a schema describes, it must not drop a field.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.removeContentTypeParser("text/plain");
  app.setErrorHandler(answerError);

  const methods = new Map<string, Set<string>>();
  app.addHook("onRoute", (route) => {
    const access = (route.config as { access?: Access } | undefined)?.access ?? "change";
    if (route.schema && access !== "open") {
      route.schema = { ...route.schema, security: access === "read" ? [{}, { token: [] }] : [{ token: [] }] };
    }
    const known = methods.get(route.url) ?? new Set();
    methods.set(route.url, known);
    for (const method of [route.method].flat()) known.add(method);
  });
  app.decorateRequest("owner", false);
  app.addHook("onRequest", async (request, reply) => {
    noteAnswer(reply.raw);
    reply.headers(SECURITY_HEADERS);
    // What is not there has no access of its own: Host and Origin are checked, and nothing else is told.
    request.owner = admit(request, request.is404 ? "open" : (request.routeOptions.config.access ?? "change"), gate);
  });
  app.addHook("onSend", async (_request, reply, payload) => {
    if (!reply.hasHeader("cache-control")) reply.header("cache-control", "no-store");
    return payload;
  });
  app.addHook("onResponse", async (request, reply) => {
    const { method } = request;
    // A token in an address is no use here, and gets there all the same.
    const path = (request.url.split("?", 1)[0] ?? "").replaceAll(gate.token, "•••");
    request.log.debug({ method, path, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, "request");
  });
  app.setNotFoundHandler((request, reply) => {
    const allowed = allowedMethods(methods, request.url);
    if (allowed.length === 0) return answerError(new Problem(404, "notFound", "there is nothing here"), request, reply);
    reply.header("allow", allowed.join(", "));
    if (request.method === "OPTIONS") return reply.code(204).send();
    return answerError(new Problem(405, "method", `this takes ${allowed.join(", ")}`), request, reply);
  });

  for (const schema of [...commonSchemas, ...runSchemas, ...statusSchemas, ...viewSchemas]) app.addSchema(schema);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "rota", version: context.version, description: "See docs/api.md." },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => String(json["$id"] ?? `def-${index}`) },
  });
  // After the plugin, so that it sees every route.
  await app.register(async (routes) => {
    for (const group of routeGroups) group(routes, context);
  });
  return app;
}

function allowedMethods(methods: ReadonlyMap<string, ReadonlySet<string>>, url: string): readonly string[] {
  const path = url.split("?", 1)[0] ?? "";
  for (const [pattern, known] of methods) {
    const match = new RegExp(`^${pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/:[^/]+/g, "[^/]+")}$`);
    if (match.test(path)) return [...known, "OPTIONS"].sort();
  }
  return [];
}
