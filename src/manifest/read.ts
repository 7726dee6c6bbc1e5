import { compose } from "./compose.ts";
import type { Files, ReadResult } from "./files.ts";
import { ManifestFile, type Problem, type Report } from "./report.ts";
import { decode } from "./source.ts";

/** 16 MiB. */
export const DEFAULT_MAX_BYTES: number = 16 * 2 ** 20;

/** One file as values, or undefined after its problem was reported. Size and kind are looked at before it is opened. */
export async function readManifestFile(
  path: string,
  files: Files,
  maxBytes: number,
  report: Report,
): Promise<ManifestFile | undefined> {
  report.track(path, undefined);
  const refuse = (problem: Problem): undefined => {
    report.addFile(path, problem);
    return undefined;
  };
  const stat = await files.stat(path);
  if (stat === undefined) return refuse({ code: "R1001", message: "there is no such file, or it may not be read" });
  if (stat.kind !== "file") return refuse(notAFile(stat.kind));
  if (stat.bytes > maxBytes) return refuse(tooLarge(stat.bytes, maxBytes));
  const read = await files.read(path, maxBytes);
  if (!read.ok) return refuse(readProblem(read, maxBytes));

  const decoded = decode(read.bytes);
  if (!decoded.ok) {
    const hint = decoded.code === "R1004" ? "save it as UTF-8" : "remove it";
    const file = new ManifestFile(path, decoded.text, undefined);
    report.track(path, file);
    const span = { start: decoded.offset, end: decoded.offset + 1 };
    report.addSpan(file, span, { code: decoded.code, message: decoded.what, hint });
    return undefined;
  }
  const composed = compose(decoded.text);
  const tainted = composed.problems.flatMap(({ taints }) => (taints === undefined ? [] : [taints]));
  const file = new ManifestFile(path, decoded.text, composed.value, tainted);
  report.track(path, file);
  for (const { span, taints: _taints, ...problem } of composed.problems) report.addSpan(file, span, problem);
  return composed.value === undefined ? undefined : file;
}

function notAFile(kind: "directory" | "other"): Problem {
  const what = kind === "directory" ? "a directory" : "a pipe, a socket or a device";
  return { code: "R1002", message: `this is ${what}, not a file` };
}

function tooLarge(bytes: number, maxBytes: number): Problem {
  const message = `this file has ${bytes} bytes, more than the ${maxBytes} that are read`;
  return { code: "R1003", message, hint: "split it with `include`, or raise the cap" };
}

function readProblem(read: Extract<ReadResult, { ok: false }>, maxBytes: number): Problem {
  if (read.reason === "tooLarge") return tooLarge(maxBytes + 1, maxBytes);
  if (read.reason === "notAFile") return notAFile("other");
  return { code: "R1001", message: `this file cannot be read: ${read.detail}` };
}
