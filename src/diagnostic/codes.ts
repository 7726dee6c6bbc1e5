export interface Code {
  readonly title: string;
  /** What it means and why it is refused, for docs/diagnostics.md. */
  readonly explanation: string;
}

/** Every code there is. A number is never given to something else, also when its mistake is gone. */
export const CODES: Readonly<Record<string, Code>> = {
  R1001: { title: "file cannot be read", explanation: "It is not there, or this user may not read it." },
  R1002: {
    title: "not a file",
    explanation: "A directory, pipe, socket or device is never opened: reading one may wait for ever.",
  },
  R1003: {
    title: "too large",
    explanation:
      "Size is looked at before the file is opened; the default cap is 16 MiB a file, and 16 times that for all included files.",
  },
  R1004: { title: "not UTF-8", explanation: "Manifests are UTF-8; a byte order mark is allowed at the start." },
  R1005: {
    title: "forbidden character",
    explanation:
      "YAML allows no control characters but tab and line ends; a NUL mostly means that this is no text file.",
  },
  R1006: {
    title: "YAML syntax",
    explanation: "The text cannot be read on after this; other mistakes show when it is mended.",
  },
  R1007: {
    title: "more than one document",
    explanation: "A manifest is one document. What belongs together but in other files goes through `include`.",
  },
  R1008: { title: "empty file", explanation: "There is nothing but comments and white space." },
  R1009: {
    title: "duplicate key",
    explanation: "Two equal keys in one map: parsers differ in which one counts, so neither does.",
  },
  R1010: {
    title: "tag not allowed",
    explanation: "Only tags of the YAML 1.2 core schema, where they fit their value; a manifest builds no objects.",
  },
  R1011: { title: "bad alias", explanation: "The alias names no anchor before it, or stands inside what it names." },
  R1012: { title: "nested too deep", explanation: "More than 64 levels." },
  R1013: {
    title: "too many values",
    explanation: "More commas, colons and lines, anchors, aliases, or values behind aliases than a manifest can need.",
  },
  R1014: { title: "bad key", explanation: "A key is a text; `__proto__` cannot be one." },
  R1015: {
    title: "number changes when read",
    explanation: "Leading zeros and more than 15 digits are lost: an account or a zip code must be quoted. A warning.",
  },
  R1016: {
    title: "bad include",
    explanation:
      "A pattern is relative, stays in the manifest's folder (links that lead out count as leaving), and should match something.",
  },
  R1017: {
    title: "not jobs in an included file",
    explanation: "An included file has `jobs` and nothing else; names and defaults live in the manifest.",
  },
  R1018: { title: "merge key", explanation: "`<<` belongs to YAML 1.1. What jobs share goes under `defaults`." },
  R1019: { title: "not a usable number", explanation: "Infinity and not-a-number." },
  R1020: {
    title: "unknown key",
    explanation: "Every key is known or an error, so that a misspelt limit is not silently no limit.",
  },
  R1021: { title: "key missing", explanation: "This cannot be left out here." },
  R1022: {
    title: "wrong type",
    explanation:
      "A text where a list belongs, a number where a text belongs. `yes`, `no`, `on` and `off` are texts in YAML 1.2.",
  },
  R1023: { title: "no value", explanation: "The key is there and its value is empty; that is no way to say none." },
  R1024: { title: "not one of the choices", explanation: "Only the listed words." },
  R1025: {
    title: "out of range",
    explanation: "A number is too small or too large, or a list too long or out of order.",
  },
  R1026: { title: "unknown version", explanation: "`rota: 1` stands at the top, as a number." },
  R1027: {
    title: "bad name",
    explanation:
      "Names become parts of names at the providers, which allow few characters: small letters, digits and dashes; for jobs at most 52.",
  },
  R1028: { title: "not exactly one", explanation: "A job has one workload, a channel one way out." },
  R1030: { title: "not a duration", explanation: "`90s 30m 2h 1h30m 3d 2w`: units in falling order, whole numbers." },
  R1031: { title: "not a size", explanation: "`512MiB 8GiB 2GB`: with the unit, no space, a whole number of bytes." },
  R1032: {
    title: "not money",
    explanation: "`5 USD`, `0.25 USD`: amount, one space, currency of ISO 4217; at most nine decimals, kept exactly.",
  },
  R1033: { title: "not a share", explanation: "`80%`, from 0% to 100%." },
  R1034: {
    title: "unit missing",
    explanation: "A bare number where a unit belongs could be seconds or minutes, dollars or cents.",
  },
  R1035: { title: "other currency", explanation: "A manifest counts in one currency; rota converts nothing." },
  R1036: { title: "not a price", explanation: "`0.20 USD/h`." },
  R1040: {
    title: "unknown time zone",
    explanation:
      "Names of the IANA database in their own spelling; offsets and abbreviations know nothing of daylight saving.",
  },
  R1041: {
    title: "bad cron expression",
    explanation: "Exactly five fields: minute, hour, day of month, month, day of week.",
  },
  R1042: { title: "unknown window", explanation: "Neither a name from `windows` nor a window's text." },
  R1043: { title: "bad window", explanation: "`DAYS HH:MM-HH:MM`, DAYS being daily, Mon, Mon-Fri or Sat,Sun." },
  R1044: {
    title: "bad date",
    explanation: "A date that exists, as `2026-12-24` or `2026-12-24T09:00`: local, without seconds and offset.",
  },
  R1045: {
    title: "bad period",
    explanation: "`5m` to `12h` dividing a day, `day`, `week`, `month`, or `N weeks` up to 52.",
  },
  R1046: {
    title: "starts do not fit",
    explanation: "No placement gives that many starts so far apart in the period or its windows.",
  },
  R1047: {
    title: "bad or impossible `by`",
    explanation:
      "A time of day, for weeks with a weekday; a run that starts in the windows must be able to end before it.",
  },
  R1048: {
    title: "outside start and end",
    explanation: "`end` must come after `start`; a time outside of them never fires.",
  },
  R1049: {
    title: "form of the schedule",
    explanation: "One of cron, at, every; `times`, `apart`, `within` and `by` belong to every.",
  },
  R1050: { title: "unknown holidays", explanation: "A country, state or region known to the date-holidays data." },
  R1051: { title: "calendar", explanation: "The name is not in `calendars`, or `onHoliday` is said without one." },
  R1052: {
    title: "unknown job in `after`",
    explanation: "There is no such job, or it does not run in this environment.",
  },
  R1053: {
    title: "jobs wait for each other",
    explanation: "The `after` of these jobs makes a circle: none could ever start.",
  },
  R1060: { title: "unknown pool", explanation: "The name is not in `pools`." },
  R1061: { title: "unknown provider", explanation: "The name is not in `providers`." },
  R1062: {
    title: "unknown environment",
    explanation: "The name is not in `environments`, or the job does not run there.",
  },
  R1063: { title: "unknown notify channel", explanation: "The name is not in `notify`." },
  R1064: { title: "unknown provider type", explanation: "There is no adapter of that name." },
  R1065: { title: "unknown job in a budget", explanation: "The budget would never count anything." },
  R1066: {
    title: "not what the provider takes",
    explanation: "The provider's own rule for a key of its placement; each provider has a page.",
  },
  R1067: {
    title: "job declared twice",
    explanation: "Two files declare one job; a job's name is its identity at the provider.",
  },
  R1068: { title: "no jobs", explanation: "A manifest without jobs deploys nothing. A warning." },
  R1069: { title: "load over the pool's capacity", explanation: "The job alone is more than the pool holds." },
  R1070: { title: "limit too low", explanation: "It would stop every run, or cannot be told from chance." },
  R1071: { title: "grace too long", explanation: "A stopped run would go on for more than an hour." },
  R1072: { title: "limit without effect", explanation: "`protect: true` never stops a run. A warning." },
  R1073: { title: "limits contradict", explanation: "One limit or expectation makes another meaningless. A warning." },
  R1080: {
    title: "looks like a secret",
    explanation:
      "Secrets live in the provider's store; the manifest names them. A secret that was in a file should be changed. A warning.",
  },
  R1081: { title: "bad address", explanation: "A whole http or https address without a password." },
  R1082: { title: "bad command", explanation: "A list of texts that no shell reads; or one text with `shell: true`." },
  R1084: {
    title: "image",
    explanation:
      "A tag that moves (or none) makes two runs differ: name a version, or better a digest. A warning; a space is an error.",
  },
  R1085: { title: "absolute working directory", explanation: "It holds on one machine only. A warning." },
  R1099: { title: "too many mistakes", explanation: "After 5000 the rest is not looked at." },
  R1201: {
    title: "no slot",
    explanation: "A flexible job's windows, deadline and spacing leave no minute of the week at which it may start.",
  },
  R1202: {
    title: "lock line",
    explanation:
      "A line of jobs.lock.yaml is not what rota writes there; nothing is guessed, and the file is not written over.",
  },
  R1203: {
    title: "lock cannot be read",
    explanation: "jobs.lock.yaml is there, and this user may not read it, or it is no file.",
  },
  R1204: {
    title: "pool over capacity",
    explanation:
      "Jobs of the pool need more than its capacity at some minute of the week, also when they are levelled. Looked at by `validate --strict` and `plan`.",
  },
  R1205: {
    title: "slot not allowed",
    explanation:
      "A slot of jobs.lock.yaml is not one that the job's schedule allows: edited by hand, or the schedule changed since. A hash of the job's name is used until `rota stagger --write`.",
  },
};
