// How things are written. Amounts are decimal strings and are never turned into floats.

let zone = "UTC";
const formats = new Map();

export function setZone(name) {
  if (name === zone) return;
  zone = name;
  formats.clear();
}

export function zoneName() {
  return zone;
}

function format(name, options) {
  let found = formats.get(name);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options });
    formats.set(name, found);
  }
  return found;
}

export function clock(at) {
  return format("clock", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(at));
}

export function clockSeconds(at) {
  const options = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  return format("seconds", options).format(new Date(at));
}

export function day(at) {
  return format("day", { day: "numeric", month: "short" }).format(new Date(at));
}

/** "14:05:09" today, "22 Nov 14:05" otherwise. */
export function moment(at, now) {
  return localDate(at) === localDate(now) ? clockSeconds(at) : `${day(at)} ${clock(at)}`;
}

/** The local date as 2026-11-23. */
export function localDate(at) {
  const parts = format("date", { year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(new Date(at));
  const of = (type) => parts.find((part) => part.type === type)?.value ?? "";
  return `${of("year")}-${of("month")}-${of("day")}`;
}

/** 2026-11-23 as "Monday 23 November 2026"; a calendar date has no zone. */
export function longDate(date) {
  const options = { timeZone: "UTC", weekday: "long", day: "numeric", month: "long", year: "numeric" };
  return new Intl.DateTimeFormat("en-GB", options).format(new Date(`${date}T00:00:00Z`)).replace(",", "");
}

export function addDays(date, days) {
  const at = new Date(`${date}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** Minutes since local midnight. */
export function minuteOfDay(at) {
  const [hour = "0", minute = "0"] = clock(at).split(":");
  return Number(hour) * 60 + Number(minute);
}

export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function digitsFor(nanos) {
  if (nanos === 0n || nanos >= 1_000_000_000n) return 2;
  if (nanos >= 1_000_000n) return 4;
  return nanos >= 1000n ? 6 : 9;
}

/** Rounded half to even for reading: two decimals, or enough to tell a small amount from nothing. */
export function amount(decimal) {
  const match = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(decimal);
  if (!match) return decimal;
  const nanos = BigInt(match[2]) * 1_000_000_000n + BigInt((match[3] ?? "").padEnd(9, "0"));
  const digits = digitsFor(nanos);
  const unit = 10n ** BigInt(9 - digits);
  let units = nanos / unit;
  const twice = (nanos % unit) * 2n;
  if (twice > unit || (twice === unit && units % 2n === 1n)) units += 1n;
  const text = units.toString().padStart(digits + 1, "0");
  return `${match[1]}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

export function money(value) {
  return `${amount(value.amount)} ${value.currency}`;
}

/** spent ÷ limit as a whole percentage, for a bar; never for arithmetic. */
export function percent(spent, limit) {
  const of = Number(limit.amount);
  return of > 0 ? Math.round((Number(spent.amount) / of) * 100) : 0;
}

export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}
