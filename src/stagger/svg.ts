import { format, type HeatMap, poolTitle } from "./heat.ts";

/** One pool's maps and figures, for the picture. */
export interface SvgPool {
  readonly pool: string;
  readonly unit?: string;
  readonly before: HeatMap;
  readonly after: HeatMap;
  readonly peakBefore: number;
  readonly peak: number;
  readonly bound: number;
  readonly capacity?: number;
}

const DAY_NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;
const CELL = { width: 9, height: 20, gap: 1 } as const;
const LEFT = 56;
const MAP_WIDTH = 48 * CELL.width;
const MAP_HEIGHT = 7 * CELL.height;
const PANEL_GAP = 56;
const WIDTH = LEFT + MAP_WIDTH + PANEL_GAP + MAP_WIDTH + 32;
const POOL_HEIGHT = MAP_HEIGHT + 118;
const HEAD = 84;
/** From nearly nothing to full: one hue that darkens, so that it also reads in grey and to colour-blind eyes. */
const RAMP = [
  "#f1f5f9",
  "#dbeafe",
  "#b6d4fb",
  "#8bb9f5",
  "#5f9aea",
  "#3d7bd9",
  "#285fbe",
  "#1b4596",
  "#132c66",
] as const;

const STYLES = {
  title: { size: 20, fill: "#0f172a", weight: 600 },
  pool: { size: 15, fill: "#0f172a", weight: 600 },
  strong: { size: 13, fill: "#334155", weight: 600 },
  plain: { size: 13, fill: "#334155", weight: 400 },
  note: { size: 12, fill: "#64748b", weight: 400 },
  axis: { size: 11, fill: "#64748b", weight: 400 },
} as const;
type Style = keyof typeof STYLES;

/** The week before and after as a self-contained SVG: no script, no font, nothing fetched. */
export function heatSvg(pools: readonly SvgPool[], title: string): string {
  const height = HEAD + pools.length * POOL_HEIGHT + 44;
  const body = pools.map((pool, index) => poolPart(pool, HEAD + index * POOL_HEIGHT)).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeXml(title)}" font-family="ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
${text(LEFT, 38, title, "title")}
${text(LEFT, 60, "Highest load in each half hour of the week, UTC. Both maps of a pool share one scale.", "note")}
${body}${text(LEFT, height - 18, "Before: every flexible job at its earliest slot. After: the slots of jobs.lock.yaml.", "note")}
</svg>
`;
}

function poolPart(pool: SvgPool, top: number): string {
  const unit = pool.unit ? ` ${pool.unit}` : "";
  const gap = pool.bound > 0 ? (100 * (pool.peak - pool.bound)) / pool.bound : 0;
  const capacity = pool.capacity === undefined ? "" : `, capacity ${format(pool.capacity)}${unit}`;
  const proof = `no schedule can go below ${format(pool.bound)}${unit} (gap ${gap.toFixed(1)}%)${capacity}`;
  const right = LEFT + MAP_WIDTH + PANEL_GAP;
  return `<g>
${text(LEFT, top + 14, poolTitle(pool.pool), "pool")}
${text(LEFT, top + 36, `Before: peak ${format(pool.peakBefore)}${unit}`, "plain")}
${text(right, top + 36, `After: peak ${format(pool.peak)}${unit}`, "strong")}
${text(right + MAP_WIDTH, top + 36, proof, "note", "end")}
${mapPart(pool.before, LEFT, top + 60)}${mapPart(pool.after, right, top + 60)}${legend(pool.before.top, unit, LEFT, top + 60 + MAP_HEIGHT + 14)}</g>
`;
}

function mapPart(map: HeatMap, left: number, top: number): string {
  const hours = Array.from({ length: 9 }, (_, k) => {
    const x = left + (k * MAP_WIDTH) / 8;
    return text(x, top - 7, String(k * 3).padStart(2, "0"), "axis", "middle");
  });
  const rows = map.days.map((cells, day) => {
    const y = top + day * CELL.height;
    const label = text(left - 8, y + CELL.height / 2 + 4, DAY_NAMES[day] ?? "", "plain", "end");
    return `${label}${cells.map((share, cell) => cellPart(share, left + cell * CELL.width, y, tip(map, day, cell, share))).join("")}`;
  });
  return [...hours, ...rows, ""].join("\n");
}

function cellPart(share: number, x: number, y: number, tooltip: string): string {
  const size = `width="${CELL.width - CELL.gap}" height="${CELL.height - CELL.gap}"`;
  return `<rect x="${x}" y="${y}" ${size} rx="1.5" fill="${colour(share)}"><title>${tooltip}</title></rect>`;
}

function tip(map: HeatMap, day: number, cell: number, share: number): string {
  const time = `${String(Math.floor(cell / 2)).padStart(2, "0")}:${cell % 2 === 0 ? "00" : "30"}`;
  return `${DAY_NAMES[day]} ${time} UTC: ${format(share * map.top)}`;
}

function legend(top: number, unit: string, left: number, y: number): string {
  const boxes = RAMP.map(
    (fill, k) => `<rect x="${left + 18 + k * 26}" y="${y}" width="25" height="10" rx="1.5" fill="${fill}"/>`,
  );
  const end = left + 18 + RAMP.length * 26 + 8;
  return `${text(left, y + 9.5, "0", "axis")}${boxes.join("")}${text(end, y + 9.5, `${format(top)}${unit}`, "axis")}\n`;
}

function colour(share: number): string {
  if (share <= 0) return RAMP[0];
  return RAMP[Math.max(1, Math.min(8, Math.round(share * 8)))] ?? RAMP[8];
}

function text(x: number, y: number, content: string, style: Style, anchor = "start"): string {
  const { size, fill, weight } = STYLES[style];
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${fill}" font-weight="${weight}" text-anchor="${anchor}">${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
