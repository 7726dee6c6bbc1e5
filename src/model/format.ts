const UNITS: readonly (readonly [string, number])[] = [
  ["w", 604_800],
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
];

/** As a manifest writes it, exact to the second: 5400 → "1h30m", 1800 → "30m", 0 → "0s", 1.5 → "1.5s". */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return "unlimited";
  if (seconds < 0) return `-${durationText(-seconds)}`;
  const whole = Math.floor(seconds);
  const fraction = Math.round((seconds - whole) * 1000) / 1000;
  let left = whole;
  let text = "";
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (unit === "s" && (fraction > 0 || text === "")) {
      if (count + fraction > 0 || text === "") text += `${count + fraction}s`;
    } else if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

/** For people, the two largest units: 1864 → "31m 4s", 90061 → "1d 1h", 0.25 → "0.3s". */
export function elapsedText(seconds: number): string {
  if (!Number.isFinite(seconds)) return "unlimited";
  if (seconds < 0) return `-${elapsedText(-seconds)}`;
  if (seconds < 10 && !Number.isInteger(seconds)) {
    const tenths = Math.round(seconds * 10) / 10;
    return `${tenths}s`;
  }
  let left = Math.round(seconds);
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    // Two units that touch: "1d 1h", never "1d 4s".
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break;
  }
  return parts.length > 0 ? parts.join(" ") : "0s";
}

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** For people, binary units, three figures at most: 1073741824 → "1GiB", 1610612736 → "1.5GiB", 2e9 → "1.86GiB". */
export function bytesText(bytes: number): string {
  if (!Number.isFinite(bytes)) return "unlimited";
  if (bytes < 0) return `-${bytesText(-bytes)}`;
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < SIZES.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const shown = Number(value.toFixed(digits));
  return shown === 1024 && unit < SIZES.length - 1 ? `1${SIZES[unit + 1]}` : `${shown}${SIZES[unit]}`;
}

/** 0.8 → "80%", 0.025 → "2.5%". */
export function percentText(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}
