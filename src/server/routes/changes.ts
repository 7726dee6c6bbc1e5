import type { RouteGroup } from "../context.ts";
import { actorOf } from "../context.ts";
import { answers, body, object, ref } from "../schemas/index.ts";
import { idParams } from "./runs.ts";

const why = { type: "string", minLength: 1, maxLength: 500, pattern: "\\S" };
const by = { type: "string", minLength: 1, maxLength: 80, pattern: "\\S", description: "Who asks; recorded" };
const name = { type: "string", minLength: 1, maxLength: 512 };
const done = answers(ref("Done"), "Done, and in the ledger");

/** Every change goes through the engine's Control, which records it before it answers. */
export const changeRoutes: RouteGroup = (app, context) => {
  const { control } = context;
  const change = { access: "change" } as const;

  app.post<{ Params: { job: string } }>(
    "/api/jobs/:job/run",
    {
      config: change,
      schema: {
        summary: "Start a run now",
        params: object({ job: name }),
        // No body at all is fine here.
        body: { ...body({ "by?": by }), type: ["object", "null"] },
        response: answers(ref("RunStarted"), "Started", 202),
      },
    },
    async (request, reply) => {
      const run = await control.startRun(request.params.job, actorOf(request, context));
      return reply.code(202).send({ schema: "rota.run/1", run: run.run, job: run.job, status: run.status });
    },
  );

  app.post<{ Params: { id: string }; Body: { reason: string; force?: boolean } }>(
    "/api/runs/:id/kill",
    {
      config: change,
      schema: {
        summary: "Stop a run, through the guard's choke point",
        params: idParams,
        body: body({ reason: why, "by?": by, "force?": { type: "boolean", description: "Also a protected run" } }),
        response: answers(ref("RunStarted"), "The polite stop is on its way", 202),
      },
    },
    async (request, reply) => {
      const { reason, force = false } = request.body;
      const run = await control.kill(request.params.id, reason, actorOf(request, context), { force });
      return reply.code(202).send({ schema: "rota.run/1", run: run.run, job: run.job, status: run.status });
    },
  );

  app.post<{ Body: { fire: string; reason: string } }>(
    "/api/fires/excuse",
    {
      config: change,
      schema: {
        summary: "Sign off a fire that did not run as it should",
        body: body({ fire: name, reason: why, "by?": by }),
        response: answers(ref("FireExcused"), "Signed off, and in the ledger; 409 for a fire that ran"),
      },
    },
    async (request) => {
      const excused = await control.excuse(request.body.fire, request.body.reason, actorOf(request, context));
      return { ok: true, ...excused };
    },
  );

  app.post<{ Params: { id: string } }>(
    "/api/runs/:id/beat",
    {
      config: { access: "beat" },
      schema: { summary: "A running run reports progress", params: idParams, response: done },
    },
    async (request) => {
      await control.beat(request.params.id);
      return { ok: true };
    },
  );

  app.post<{ Body: { reason: string } }>(
    "/api/guard/release",
    {
      config: change,
      schema: {
        summary: "Let a held guard stop runs again",
        body: body({ reason: why, "by?": by }),
        response: done,
      },
    },
    async (request) => {
      await control.releaseGuard(request.body.reason, actorOf(request, context));
      return { ok: true };
    },
  );

  app.post<{ Params: { budget: string }; Body: { reason: string } }>(
    "/api/budgets/:budget/release",
    {
      config: change,
      schema: {
        summary: "Resume what a budget holds",
        params: object({ budget: name }),
        body: body({ reason: why, "by?": by }),
        response: done,
      },
    },
    async (request) => {
      await control.releaseBudget(request.params.budget, request.body.reason, actorOf(request, context));
      return { ok: true };
    },
  );
};
