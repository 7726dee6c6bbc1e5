import { compareText } from "./key.ts";

export interface Node {
  readonly key: string;
  readonly dependsOn: readonly string[];
}

/**
 * Dependencies first, otherwise by key, so that the same set has the same order everywhere. What is not in the
 * set is ignored. `cycle` names the keys of one circle, when there is one.
 */
export function orderByDependency<N extends Node>(
  nodes: readonly N[],
): { readonly ordered: readonly N[]; readonly cycle?: readonly string[] } {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const state = new Map<string, "open" | "done">();
  const ordered: N[] = [];
  let cycle: readonly string[] | undefined;
  for (const root of [...byKey.values()].sort((a, b) => compareText(a.key, b.key))) {
    // An explicit stack: a chain of fifty thousand must not overflow the call stack.
    const path: { readonly node: N; readonly left: string[] }[] = [];
    const enter = (node: N): void => {
      state.set(node.key, "open");
      path.push({ node, left: [...node.dependsOn].sort(compareText).reverse() });
    };
    if (!state.has(root.key)) enter(root);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const next = top.left.pop();
      if (next === undefined) {
        state.set(top.node.key, "done");
        ordered.push(top.node);
        path.pop();
        continue;
      }
      const node = byKey.get(next);
      if (!node) continue;
      if (state.get(next) === "open") {
        cycle ??= path.slice(path.findIndex((each) => each.node.key === next)).map((each) => each.node.key);
      } else if (!state.has(next)) enter(node);
    }
  }
  return cycle ? { ordered, cycle } : { ordered };
}
