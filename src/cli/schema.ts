import { jsonSchema } from "../manifest/index.ts";
import { withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { terminalOf } from "./terminal.ts";

export const defineSchema: DefineCommand = (command, world) =>
  void withCommon(command, "rota schema > jobs.schema.json").action(() => {
    terminalOf(world).json(jsonSchema());
  });
