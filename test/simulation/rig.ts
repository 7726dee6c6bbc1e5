import { MemoryWorld, openMemory } from "../../providers/memory/index.ts";
import { priceBook } from "../../src/cost/index.ts";
import { Engine, type EngineEnv, type OpenPlacement, steadyTime } from "../../src/engine/index.ts";
import { type Ledger, openMemoryLedger } from "../../src/ledger/index.ts";
import type { Clock, Instant, JsonObject } from "../../src/model/index.ts";
import { type Provider, wrapProvider } from "../../src/provider/index.ts";
import { VirtualClock } from "../support/clock.ts";
import { SeededRandom } from "../support/random.ts";
import { type Behaviour, scriptFor } from "./behaviour.ts";
import { drawPlan, faultOf, type Plan, within } from "./faults.ts";
import { CLOUD, type Declared, declare, HERE, STARTS } from "./manifest.ts";
import { Mortal, mortalClock, mortalLedger } from "./mortal.ts";
import type { Planted } from "./planted.ts";
import type { ProviderCall, Story } from "./story.ts";

export const CORES = 4;
export const PRICES: Readonly<Record<string, bigint | undefined>> = { [HERE]: 1_000_000_000n, [CLOUD]: undefined };

export interface RigOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly planted?: Planted;
}

/** The whole system of one seed: world, ledger and clock, which outlive the daemons that come and go. */
export class Rig {
  readonly clock: VirtualClock;
  readonly world: MemoryWorld;
  readonly random: SeededRandom;
  readonly story: Story;
  readonly ledger: Ledger;
  readonly plan: Plan;
  readonly behaviours: Map<string, Behaviour> = new Map();
  readonly native: boolean;
  readonly metrics: Readonly<Record<string, { readonly intervalSeconds: number; readonly delaySeconds: number }>>;
  declared: Declared;
  /** No faults from now on. */
  quiet = false;
  engine: Engine | undefined;
  mortal: Mortal | undefined;
  private committed = 0;
  private epochs = 0;
  /** Repeated warnings are noted once a minute. */
  private readonly said = new Map<string, number>();
  private readonly time: { now: () => Instant };
  private readonly planted: Planted | undefined;
  private readonly faultChance: SeededRandom;

  static async open(options: RigOptions): Promise<Rig> {
    const startAt = Date.parse(new SeededRandom(options.seed).fork("start").pick(STARTS));
    const clock = new VirtualClock({ seed: options.seed, startAt });
    const time = { now: (): Instant => clock.now() };
    return new Rig(options, clock, time, await openMemoryLedger({ now: () => time.now() }));
  }

  private constructor(options: RigOptions, clock: VirtualClock, time: { now: () => Instant }, ledger: Ledger) {
    const { seed, forMs } = options;
    const random = new SeededRandom(seed);
    this.clock = clock;
    this.time = time;
    this.ledger = ledger;
    this.planted = options.planted;
    this.random = random;
    this.faultChance = random.fork("faults");
    const startAt = clock.now();
    this.native = random.fork("native").chance(0.5);
    this.plan = drawPlan(random.fork("plan"), startAt, forMs);
    this.declared = declare(random.fork("manifest"), this.native, startAt);
    for (const [name, behaviour] of this.declared.behaviours) this.behaviours.set(name, behaviour);
    const shape = random.fork("metrics");
    this.metrics = {
      [HERE]: { intervalSeconds: shape.pick([10, 30]), delaySeconds: 0 },
      [CLOUD]: { intervalSeconds: 60, delaySeconds: shape.pick([0, 90]) },
    };
    this.world = new MemoryWorld(clock, {
      ...(shape.chance(0.3) ? { startTokenSeconds: 3600 } : {}),
      script: (start) => {
        const name = `${start.job.name} ${start.fireAt} ${start.attempt}`;
        const behaviour = this.behaviours.get(start.job.name) ?? "quick";
        return scriptFor(behaviour, { guard: start.job.guard, attempt: start.attempt, random: random.fork(name) });
      },
      fault: (call) => faultOf(this.plan, this.faultChance, call, this.quiet),
    });
    this.story = {
      seed,
      startAt,
      endAt: startAt,
      quietAt: Number.POSITIVE_INFINITY,
      lives: [],
      freezes: [],
      steps: [],
      outages: this.plan.outages,
      disk: this.plan.disk,
      rate: this.plan.rate,
      deployments: [],
      calls: [],
      kills: [],
      foreign: [],
      foreignResources: [],
      executions: [],
      entries: [],
      defects: [],
      notes: [],
    };
    const startRun = this.world.startRun.bind(this.world);
    const known = new Set<string>();
    this.world.startRun = (...args) => {
      const life = startRun(...args);
      if (!known.has(life.id)) this.story.executions.push(life);
      known.add(life.id);
      return life;
    };
  }

  get now(): Instant {
    return this.world.now();
  }

  note(text: string): void {
    this.story.notes.push({ at: this.now, text });
  }

  /** A new daemon on the state as it is. Rejects when its first write is refused. */
  async boot(): Promise<Engine> {
    this.epochs += 1;
    const mortal = new Mortal(this.epochs);
    this.mortal = mortal;
    const clock = mortalClock(this.clock, mortal);
    const ledger = mortalLedger(this.ledger, mortal, {
      refuses: () => this.refusal(),
      slowMs: () => (this.quiet ? 0 : (this.plan.disk.find((d) => within([d], this.now) && d.slowMs)?.slowMs ?? 0)),
      sleep: (ms) => this.clock.sleep(ms),
      committed: (entries) => {
        this.committed = Math.max(this.committed, entries.at(-1)?.seq ?? 0);
      },
    });
    const time = steadyTime(clock);
    this.time.now = () => time.now();
    const random = this.random.fork(`daemon ${this.epochs}`);
    const { manifest } = this.declared.state;
    const env: EngineEnv = {
      clock,
      time,
      random,
      ledger: this.planted?.ledger?.(ledger) ?? ledger,
      placements: this.placements(clock, random, mortal),
      currency: "USD",
      cores: CORES,
      notify: () => undefined,
      log: (level, message, fields) => this.hear(level, message, fields ?? {}),
      version: "simulated",
      pid: 1,
      bootId: "simulated",
    };
    const engine = await Engine.open(this.planted?.env?.(env, this.clock) ?? env, {
      namespace: "test",
      environment: "dev",
      safety: manifest.safety,
      budgets: manifest.budgets,
    });
    this.engine = engine;
    this.story.lives.push({ epoch: this.epochs, from: this.now, to: Number.POSITIVE_INFINITY });
    this.note(`daemon ${this.epochs} is up`);
    return engine;
  }

  /** The daemon dies at so many crossings from now on: before a request of its own, or before the answer. */
  doom(crossings: number): void {
    if (this.mortal && !this.planted?.undead) this.mortal.crossings = crossings;
  }

  /** The daemon is no more, from this instant on. */
  bury(how: string): void {
    const life = this.story.lives.at(-1);
    if (life) life.to = this.now;
    if (this.mortal && !this.planted?.undead) this.mortal.dead = true;
    this.engine = undefined;
    this.note(`daemon ${this.epochs} ${how}`);
  }

  /** A full disk refuses every write, a busy one every second or so. */
  private refusal(): "full" | "busy" | undefined {
    if (this.quiet) return undefined;
    const refuses = this.plan.disk.find((d) => within([d], this.now) && d.refuses)?.refuses;
    return refuses === "busy" && this.faultChance.chance(0.5) ? undefined : refuses;
  }

  private hear(level: string, message: string, fields: JsonObject): void {
    const text = `${level} ${message} ${JSON.stringify(fields)}`;
    const before = this.said.get(message);
    if ((level === "error" || level === "warn") && (before === undefined || this.now - before >= 60_000)) {
      this.said.set(message, this.now);
      this.note(text);
    }
    // What a task throws beside the errors it knows is a defect; the ledger's and the provider's are injected.
    if (/TypeError|RangeError|ReferenceError|SyntaxError/.test(text)) this.story.defects.push(text);
  }

  private placements(clock: Clock, random: SeededRandom, mortal: Mortal): Map<string, OpenPlacement> {
    const open = new Map<string, OpenPlacement>();
    for (const placement of this.native ? [HERE, CLOUD] : [HERE]) {
      const schedules = placement === CLOUD ? "native" : "engine";
      const memory = openMemory(
        {
          placement,
          options: { schedules, ...this.metrics[placement] },
          namespace: "test",
          environment: "dev",
          stateDir: "/nowhere",
          baseDir: "/nowhere",
          clock,
          random,
          env: {},
          log: () => undefined,
        },
        this.world,
      );
      const tapped = this.tap(memory, mortal);
      const price = placement === HERE ? { price: "1 USD/h", cores: CORES } : {};
      open.set(placement, {
        provider: this.planted?.provider?.(tapped) ?? tapped,
        options: price,
        prices: priceBook(),
      });
    }
    return open;
  }

  /** Every request is written down before it leaves, and belongs to the daemon's life. */
  private tap(inner: Provider, mortal: Mortal): Provider {
    return wrapProvider(inner, (call, proceed) =>
      mortal.through(async () => {
        const noted = this.noteCall(inner.placement, call.method, call.args, mortal.epochOf);
        try {
          const answer = await proceed();
          noted.answered = answer === undefined ? "none" : "ok";
          return answer;
        } catch (error) {
          noted.answered = "error";
          throw error;
        }
      }),
    );
  }

  private noteCall(placement: string, method: string, args: readonly unknown[], epoch: number): ProviderCall {
    const [first, second] = args as readonly [unknown, unknown];
    const about = this.aboutCall(method, first);
    const call: ProviderCall = {
      at: this.now,
      placement,
      method,
      epoch,
      committed: this.committed,
      ...about,
      ...(method === "stop" ? { mode: second as "polite" | "hard" } : {}),
    };
    // Looks are by far the most calls, and say nothing that the oracle asks for.
    if (method !== "inspect" && method !== "measure") this.story.calls.push(call);
    return call;
  }

  private aboutCall(method: string, first: unknown): Partial<ProviderCall> {
    if (method === "start") {
      const request = first as { readonly run: string; readonly job: { readonly name: string } };
      return { run: request.run, job: request.job.name };
    }
    if (method === "find") return { run: first as string };
    if (method === "apply") {
      const change = first as { action: string; desired?: { kind: string; id: string; job: string }; actual?: never };
      const target = (change.desired ?? change.actual) as { kind: string; id: string; job: string };
      return { change: `${change.action} ${target.kind}/${target.id}`, job: target.job };
    }
    if (method === "setPaused") return { job: first as string };
    if (typeof first !== "string") return {};
    const life = this.world.life(first);
    return { handle: first, ...(life?.run === undefined ? {} : { run: life.run }) };
  }
}
