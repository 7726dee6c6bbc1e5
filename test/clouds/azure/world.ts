import { connect, openAzure } from "../../../providers/azure/index.ts";
import type { JsonObject } from "../../../src/model/index.ts";
import type { Provider } from "../../../src/provider/index.ts";
import { SeededRandom } from "../../support/random.ts";
import type { WorldClock } from "../clock.ts";
import { Arm, TOKEN } from "./arm.ts";
import { authority } from "./authority.ts";
import { schemaProblems } from "./schemas.ts";

export const SUBSCRIPTION = "00000000-0000-4000-8000-000000000001";
export const GROUP: string = `/subscriptions/${SUBSCRIPTION}/resourceGroups/ml`;
export const WORKSPACE: string = `${GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs`;
const IDENTITIES = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
export const ENVIRONMENT: string = `${GROUP}/providers/Microsoft.App/managedEnvironments/ml-env`;

interface Owner {
  readonly namespace: string;
  readonly environment: string;
}

/** One subscription with a resource group, an environment and two identities, and adapters that reach it over TLS. */
export class AzureWorld<C extends WorldClock> {
  readonly clock: C;
  readonly arm: Arm;
  readonly owner: Owner = { namespace: "acme", environment: "dev" };
  readonly options: JsonObject;
  readonly #ca: string;
  #seed = 1;

  private constructor(clock: C, arm: Arm, options: JsonObject, ca: string) {
    this.clock = clock;
    this.arm = arm;
    this.options = options;
    this.#ca = ca;
  }

  static async open<C extends WorldClock>(clock: C): Promise<AzureWorld<C>> {
    const arm = new Arm(() => clock.now());
    const endpoint = await arm.open();
    arm.inspect = schemaProblems;
    const { shelf } = arm;
    shelf.place(GROUP, { location: "eastus" });
    shelf.place(ENVIRONMENT, { location: "East US" });
    shelf.place(`${IDENTITIES}/rota-jobs`, { location: "eastus" });
    shelf.place(`${IDENTITIES}/rota-trigger`, { location: "eastus" });
    const options = {
      subscription: SUBSCRIPTION,
      resourceGroup: "ml",
      location: "eastus",
      containerAppsEnvironment: "ml-env",
      identity: "rota-jobs",
      triggerIdentity: "rota-trigger",
      keyVault: "ml-vault",
      logAnalyticsWorkspace: WORKSPACE,
      endpoint,
    };
    return new AzureWorld(clock, arm, options, (await authority()).cert);
  }

  provider(owner: Owner = this.owner, options: JsonObject = {}): Promise<Provider> {
    const { clock } = this;
    const credential = { getToken: async () => ({ token: TOKEN, expiresOnTimestamp: clock.now() + 3_600_000 }) };
    return openAzure(
      {
        placement: "azure",
        options: { ...this.options, ...options },
        ...owner,
        stateDir: "/nowhere",
        baseDir: "/nowhere",
        clock,
        random: new SeededRandom(this.#seed++),
        env: {},
        log: () => {},
      },
      (settings) => {
        const connection = connect(settings, { credential, ca: this.#ca });
        return {
          close: () => connection.close(),
          send: (request, signal) => {
            const answer = connection.send(request, signal);
            return clock.during?.(answer) ?? answer;
          },
        };
      },
    );
  }

  /** The whole id of a job or workflow, by the name that rota gives it. */
  id(type: "Microsoft.App/jobs" | "Microsoft.Logic/workflows", name: string): string {
    return `${GROUP}/providers/${type}/${name}`;
  }

  /** What was asked so far, as roles name it. */
  get actions(): readonly string[] {
    return this.arm.exchanges.flatMap(({ action }) => (action === undefined ? [] : [action]));
  }

  close(): Promise<void> {
    return this.arm.close();
  }
}
