import { describe, expect, test } from "vitest";
import { commandInput, escapeText, slackMessage } from "../../../../src/engine/notices/message.ts";
import { FAILED } from "./world.ts";

const AT = Date.UTC(2026, 10, 23, 6);

test("only &, < and > are escaped, so that no text can mention a channel or fake a link", () => {
  expect(escapeText("<!channel> a & b <https://evil|click>")).toBe(
    "&lt;!channel&gt; a &amp; b &lt;https://evil|click&gt;",
  );
});

describe("a Slack message", () => {
  test("says everything in its text, for receivers that know no blocks", () => {
    const link = "http://127.0.0.1:8080/runs/r1";
    const { text, blocks } = slackMessage({ ...FAILED, at: AT, fields: { limit: "idle <30m>" }, link });
    expect(text).toBe(
      `*churn failed*\nexit code 1\njob: churn\nrun: r1\nlimit: idle &lt;30m&gt;\n<${link}|open in rota>`,
    );
    expect(blocks.map((block) => block.text?.text ?? block.fields?.map((field) => field.text))).toEqual([
      "*churn failed*",
      "exit code 1",
      `<${link}|open in rota>`,
      ["*job*\nchurn", "*run*\nr1", "*limit*\nidle &lt;30m&gt;"],
    ]);
  });

  test("stays within Slack's bounds whatever it is given", () => {
    const fields = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, "&".repeat(5000)]));
    const message = slackMessage({ ...FAILED, at: AT, subject: "<\n".repeat(9999), text: "x<".repeat(50_000), fields });
    for (const block of message.blocks) {
      expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(3000);
      expect(block.fields?.length ?? 0).toBeLessThanOrEqual(10);
      for (const field of block.fields ?? []) expect(field.text.length).toBeLessThanOrEqual(2000 + 90);
    }
    expect(message.text.length).toBeLessThan(40_000);
    expect(message.blocks[0]?.text?.text).not.toContain("\n");
  });

  test.each(["javascript:alert(1)", "not a url", "file:///etc/passwd"])("leaves out the link %s", (link) => {
    expect(slackMessage({ ...FAILED, at: AT, link }).text).not.toContain("open in rota");
  });

  test("a link cannot break out of its brackets", () => {
    const { text } = slackMessage({ ...FAILED, at: AT, link: "https://a.example/x|y>z" });
    expect(text).toContain("<https://a.example/x%7Cy%3Ez|open in rota>");
  });
});

test("a command reads one line of JSON", () => {
  const input = commandInput({ ...FAILED, at: AT, channels: ["ops"] });
  expect(input.endsWith("\n")).toBe(true);
  expect(JSON.parse(input)).toEqual({ schema: "rota.notice/1", at: "2026-11-23T06:00:00.000Z", ...FAILED });
});
