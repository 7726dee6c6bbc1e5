import { readFile } from "node:fs/promises";

/** A file of the page, as the server sends it. */
export interface PageFile {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Every file of the page, by name: nothing else in the folder is ever served. They stand beside the built module too. */
const FILES: readonly string[] = [
  "index.html",
  "style.css",
  "icon.svg",
  "app.js",
  "api.js",
  "dialog.js",
  "dom.js",
  "format.js",
  "logs.js",
  "overview.js",
  "run.js",
  "runs.js",
  "sheet.js",
  "shell.js",
  "state.js",
];

/** Reads the page into memory, once at the start. `index.html` is `/`. */
export async function loadPage(): Promise<readonly PageFile[]> {
  return Promise.all(
    FILES.map(async (name) => ({
      path: name === "index.html" ? "/" : `/${name}`,
      type: TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream",
      body: await readFile(new URL(`./page/${name}`, import.meta.url)),
    })),
  );
}
