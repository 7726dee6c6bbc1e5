import { type MemoryProvider, MemoryWorld, openMemory } from "../../providers/memory/index.ts";
import { priceBook } from "../../src/cost/index.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { OpenPlacement } from "../../src/engine/env.ts";
import type { Notice } from "../../src/engine/notices/index.ts";
import { steadyTime } from "../../src/engine/steady.ts";
import { type Ledger, openMemoryLedger } from "../../src/ledger/index.ts";
import type { DesiredState, Entry, EventOf, EventType, Instant, JsonObject } from "../../src/model/index.ts";
import type { Provider } from "../../src/provider/index.ts";
import { VirtualClock } from "./clock.ts";
import { SeededRandom } from "./random.ts";

export interface StandOptions {
  readonly startAt?: Instant;
  readonly seed?: number;
  readonly placementOptions?: JsonObject;
  readonly onExit?: "stop";
  /** Stands between the engine and the provider of each daemon. */
  readonly around?: (provider: Provider) => Provider;
  readonly redact?: (text: string) => string;
}

/**
 * The whole system in one process on virtual time: clock, ledger in memory, a vendor's world that outlives
 * daemons, and one daemon at a time, which can be stopped, crashed and started again.
 */
export class Stand {
  readonly clock: VirtualClock;
  readonly world: MemoryWorld;
  readonly notices: Notice[] = [];
  readonly logged: string[] = [];
  readonly random: SeededRandom;
  ledger: Ledger;
  private readonly redact: StandOptions["redact"];
  private readonly options: JsonObject;
  private readonly onExit: JsonObject;
  private readonly around: (provider: Provider) => Provider;
  private current: Engine | undefined;
  private opened: MemoryProvider | undefined;
  private working: Promise<void> | undefined;

  static async open(options: StandOptions = {}): Promise<Stand> {
    const clock = new VirtualClock(options);
    return new Stand(options, clock, await openMemoryLedger(clock));
  }

  private constructor(options: StandOptions, clock: VirtualClock, ledger: Ledger) {
    this.clock = clock;
    this.world = new MemoryWorld(this.clock);
    this.random = new SeededRandom(options.seed ?? 1);
    this.options = options.placementOptions ?? { intervalSeconds: 10 };
    this.onExit = options.onExit === undefined ? {} : { onExit: options.onExit };
    this.around = options.around ?? ((provider) => provider);
    this.ledger = ledger;
    this.redact = options.redact;
  }

  /** The running daemon's view of the world. */
  get provider(): MemoryProvider {
    if (!this.opened) throw new Error("no daemon runs");
    return this.opened;
  }

  get engine(): Engine {
    if (!this.current) throw new Error("no daemon runs");
    return this.current;
  }

  /** Starts a daemon on the state as it is, and deploys the jobs when they are given. */
  async start(desired?: DesiredState, options: { readonly acceptClock?: boolean } = {}): Promise<Engine> {
    const time = steadyTime(this.clock);
    const log = (level: string, message: string, fields?: JsonObject): void => {
      this.logged.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
    };
    const provider = openMemory(
      {
        placement: "memory",
        options: this.options,
        namespace: "test",
        environment: "dev",
        stateDir: "/nowhere",
        baseDir: "/nowhere",
        clock: this.clock,
        random: this.random,
        env: {},
        log,
      },
      this.world,
    );
    this.opened = provider;
    const placements = new Map<string, OpenPlacement>([
      [
        "memory",
        {
          provider: this.around(provider),
          options: { price: "1 USD/h", cores: 1, ...this.onExit },
          prices: priceBook(),
        },
      ],
    ]);
    const engine = await Engine.open(
      {
        clock: this.clock,
        time,
        random: this.random,
        ledger: this.ledger,
        placements,
        currency: "USD",
        cores: 1,
        notify: (notice) => this.notices.push(notice),
        log,
        ...(this.redact && { redact: this.redact }),
        version: "test",
        pid: 1,
        bootId: "boot",
      },
      {
        namespace: "test",
        environment: "dev",
        safety: desired?.manifest.safety ?? { maxStops: 10, share: 0.1, perSeconds: 900, maxDeletes: 0.1 },
        budgets: desired?.manifest.budgets ?? [],
      },
      options,
    );
    this.current = engine;
    if (desired) await this.deploy(desired);
    this.working = engine.run();
    return engine;
  }

  async deploy(desired: DesiredState): Promise<void> {
    const outcome = await this.engine.deploy({ desired, by: "test" });
    if (!outcome.ok) throw new Error(outcome.refusals.map((r) => r.reason).join("; "));
    if (outcome.result.failures.length > 0) throw new Error(outcome.result.failures[0]?.message);
  }

  /** As `kill -9`: nothing is recorded, nothing is waited for. */
  async crash(): Promise<void> {
    await this.engine.abandon();
    await this.working;
    this.current = undefined;
  }

  async stop(): Promise<void> {
    const stopping = this.engine.stop("test");
    let done = false;
    void stopping.then(() => {
      done = true;
    });
    while (!done) await this.clock.advance(100);
    await stopping;
    this.current = undefined;
  }

  async entries(): Promise<Entry[]> {
    const all: Entry[] = [];
    for await (const entry of this.ledger.entries({ limit: Number.MAX_SAFE_INTEGER })) all.push(entry);
    return all;
  }

  async events<T extends EventType>(type: T): Promise<EventOf<T>[]> {
    return (await this.entries()).map((e) => e.event).filter((e): e is EventOf<T> => e.type === type);
  }
}
