import { expect, test } from "vitest";
import { connect } from "../../../../providers/gcp/index.ts";

test("without credentials each call is refused, also the second, and nothing escapes that nobody catches", async () => {
  const connection = connect({ env: { GOOGLE_APPLICATION_CREDENTIALS: "/nowhere/credentials.json" } });
  const ask = () => connection.send("run:ListJobs", { parent: "projects/acme/locations/us-central1" });
  await expect(ask()).rejects.toThrow(/credentials\.json/);
  await expect(ask()).rejects.toThrow(/credentials\.json/);
  await new Promise(setImmediate);
  connection.close();
});
