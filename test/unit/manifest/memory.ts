import type { FileStat, Files, LoadedManifest } from "../../../src/manifest/index.ts";
import { loadManifest } from "../../../src/manifest/index.ts";

/** Files in memory: path → text or bytes; `{ link }` leads elsewhere, `{ kind }` is no file. */
export type Entry = string | Uint8Array | { readonly link: string } | { readonly kind: "directory" | "other" };

export function memoryFiles(entries: Readonly<Record<string, Entry>>): Files {
  const find = (path: string): Entry | undefined => (Object.hasOwn(entries, path) ? entries[path] : undefined);
  const bytesOf = (entry: string | Uint8Array): Uint8Array =>
    typeof entry === "string" ? new TextEncoder().encode(entry) : entry;
  return {
    async stat(path): Promise<FileStat | undefined> {
      if (path === ".") return { kind: "directory", bytes: 0, realPath: "/m" };
      const entry = find(path);
      if (entry === undefined) return undefined;
      if (typeof entry === "string" || entry instanceof Uint8Array) {
        return { kind: "file", bytes: bytesOf(entry).length, realPath: `/m/${path}` };
      }
      return "link" in entry
        ? { kind: "file", bytes: 1, realPath: entry.link }
        : { kind: entry.kind, bytes: 0, realPath: `/m/${path}` };
    },
    async read(path, maxBytes) {
      const entry = find(path);
      if (typeof entry !== "string" && !(entry instanceof Uint8Array)) {
        return { ok: false, reason: "notAFile", detail: "no file" };
      }
      const bytes = bytesOf(entry);
      return bytes.length > maxBytes ? { ok: false, reason: "tooLarge", detail: "" } : { ok: true, bytes };
    },
    async glob(_folder, pattern) {
      const source = pattern.replace(/[.]/g, "\\.").replace(/\*+/g, "[^/]*");
      return Object.keys(entries).filter((path) => new RegExp(`^${source}$`).test(path));
    },
  };
}

export function load(text: string | Uint8Array, environment?: string): Promise<LoadedManifest> {
  const files = memoryFiles({ "jobs.yaml": text });
  return loadManifest({ file: "jobs.yaml", files, ...(environment === undefined ? {} : { environment }) });
}

/** A manifest around one job's body. */
export function withJob(body: string, before = ""): string {
  const indented = body.replace(/^/gm, "    ");
  return `rota: 1\nnamespace: acme\n${before}jobs:\n  a:\n${indented}\n`;
}
