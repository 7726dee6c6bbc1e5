import { type OpenContext, type Provider, type ProviderModule, parseOptions } from "../../src/provider/index.ts";
import { toProviderError } from "./failure.ts";
import { surveyHost } from "./host.ts";
import { localOptions } from "./options.ts";
import { LocalProvider } from "./provider.ts";

async function openLocal(context: OpenContext): Promise<Provider> {
  const options = parseOptions(localOptions, context);
  try {
    return new LocalProvider(await surveyHost(context, options));
  } catch (error) {
    throw toProviderError(error);
  }
}

/** This machine. */
export const local: ProviderModule = { type: "local", open: openLocal };
