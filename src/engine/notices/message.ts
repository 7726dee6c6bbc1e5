import type { QueuedNotice } from "./notice.ts";

/** Slack refuses a section's text beyond 3,000 characters, and more than ten fields (docs.slack.dev, section block). */
const SECTION_LENGTH = 2900;
const FIELD_LENGTH = 400;
const MOST_FIELDS = 10;

type Text = { readonly type: "mrkdwn"; readonly text: string };

/** The body of a Slack incoming webhook; `text` says everything for receivers that know no blocks. */
export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly { readonly type: "section"; readonly text?: Text; readonly fields?: readonly Text[] }[];
}

/** As Slack asks for it: `&`, `<` and `>` and no others, so that nothing can mention a channel or fake a link. */
export function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export function slackMessage(notice: QueuedNotice): SlackMessage {
  const subject = `*${escapeText(oneLine(notice.subject))}*`;
  const text = escapeText(clip(notice.text, SECTION_LENGTH / 2));
  const fields = fieldsOf(notice).slice(0, MOST_FIELDS);
  const link = linkOf(notice.link);
  const lines = [subject, text, ...fields.map(([name, value]) => `${name}: ${value}`), link];
  const sections = [subject, text, link].filter((part) => part !== "");
  return {
    text: lines.filter((line) => line !== "").join("\n"),
    blocks: [
      ...sections.map((part) => ({ type: "section" as const, text: mrkdwn(clip(part, SECTION_LENGTH)) })),
      ...(fields.length === 0
        ? []
        : [{ type: "section" as const, fields: fields.map(([name, value]) => mrkdwn(`*${name}*\n${value}`)) }]),
    ],
  };
}

/** What a command reads on its standard input: one JSON object and a newline. */
export function commandInput(notice: QueuedNotice): string {
  const { channels: _, at, ...rest } = notice;
  return `${JSON.stringify({ schema: "rota.notice/1", at: new Date(at).toISOString(), ...rest })}\n`;
}

function fieldsOf(notice: QueuedNotice): [string, string][] {
  const all = {
    ...(notice.job === undefined ? {} : { job: notice.job }),
    ...(notice.run === undefined ? {} : { run: notice.run }),
    ...notice.fields,
  };
  return Object.entries(all).map(([name, value]) => [
    escapeText(oneLine(clip(name, 80))),
    escapeText(clip(value, FIELD_LENGTH)),
  ]);
}

function linkOf(link: string | undefined): string {
  if (link === undefined || !URL.canParse(link)) return "";
  const url = new URL(link);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "";
  return `<${url.href.replaceAll("|", "%7C").replaceAll(">", "%3E")}|open in rota>`;
}

function mrkdwn(text: string): Text {
  return { type: "mrkdwn", text };
}

function oneLine(text: string): string {
  return clip(text.replace(/\s+/g, " ").trim(), 300);
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
