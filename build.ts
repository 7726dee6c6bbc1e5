/**
 * Builds dist/ (or `--out DIR`): TypeScript to JavaScript, what is read at run time beside it, and an executable
 * `rota`. Only src/ and providers/ go in; every file there that is neither TypeScript nor Markdown (prices, pages,
 * shell scripts, schemas) is copied to the same place.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

const root = import.meta.dirname;
const { values } = parseArgs({ options: { out: { type: "string", default: join(root, "dist") } } });
const out = resolve(values.out);
const parts = ["src", "providers"];

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
if (compile()) {
  for (const part of parts) cpSync(join(root, part), join(out, part), { recursive: true, filter: isAsset });
  chmodSync(join(out, "src/bin.js"), 0o755);
} else {
  process.exitCode = 1;
}

/** The one tsconfig, narrowed to what is published. What tsc has to say goes straight to the terminal. */
function compile(): boolean {
  const config = join(out, "tsconfig.json");
  const compilerOptions = {
    rootDir: root,
    outDir: out,
    typeRoots: [join(root, "node_modules/@types")],
    // Types are checked against isolatedDeclarations by `npm run types`; a command has no declarations to publish.
    isolatedDeclarations: false,
    declaration: false,
  };
  const include = parts.map((part) => join(root, part));
  writeFileSync(config, JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, include }));
  const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
  const tsc = [join(typescript, "bin/tsc"), "--project", config];
  const { status } = spawnSync(process.execPath, tsc, { cwd: root, stdio: "inherit" });
  rmSync(config);
  return status === 0;
}

function isAsset(path: string): boolean {
  return !/\.(ts|md)$/.test(path);
}
