import { parseArgs } from "node:util";

/** What a lesson is called, which flags it has and what it aims at. */
export interface About<Extra extends string = never> {
  /** The file's name without its ending: "02-binary". */
  name: string;
  /** The question it answers, as a title. */
  title: string;
  /** One or two sentences for --help and the top of the report. */
  summary: string;
  /** What --data takes. */
  data: string;
  /** What is measured on held-out data, and what the default settings must reach. */
  metric: string;
  threshold: number;
  /** The losses that fit, by the name --loss takes. */
  losses: readonly string[];
  defaults: { epochs: number; batchSize: number; lr: number; loss: string };
  /** What --quick changes: fewer epochs, and what is reached with them. */
  quick: { epochs: number; threshold: number };
  /** Flags of this lesson alone. */
  flags?: Readonly<Record<Extra, NumberFlag>>;
}

export interface NumberFlag {
  default: number;
  help: string;
  /** What `holds` asks for: "in [0, 1)". */
  domain: string;
  holds(value: number): boolean;
}

/** What every lesson is run with. */
export interface Settings {
  seed: number;
  epochs: number;
  batchSize: number;
  lr: number;
  loss: string;
  /** The reader's own data; null for the data that comes along. */
  data: string | null;
  /** The folder for the report and the model. */
  report: string;
  /** Print the result alone. */
  quiet: boolean;
  /** A short run, for a look and for tests. */
  quick: boolean;
  /** Run every operation by itself, without compiled programs. */
  eager: boolean;
}

export type SettingsOf<Extra extends string> = Settings & Record<Extra, number>;

/** A mistake of the one who typed the command: told in one line, exit code 2. */
export class UsageError extends Error {}

/** What a flag for whole numbers of at least `least` takes. */
export const whole = (least: number): Omit<NumberFlag, "default" | "help"> => ({
  domain: `a whole number >= ${least}`,
  holds: (v) => Number.isSafeInteger(v) && v >= least,
});

interface FlagTable {
  numbers: Record<string, NumberFlag>;
  texts: Record<string, { default: string | null; help: string; choices?: readonly string[] }>;
  switches: Record<string, string>;
}

function flagsOf(about: About<string>): FlagTable {
  const { epochs, batchSize, lr, loss } = about.defaults;
  return {
    numbers: {
      seed: { default: 1, help: "what all random choices follow from", ...whole(0) },
      epochs: { default: epochs, help: "how often the model sees the training data", ...whole(1) },
      batchSize: { default: batchSize, help: "examples in one step", ...whole(1) },
      lr: { default: lr, help: "learning rate", domain: "a number > 0", holds: (v) => v > 0 && Number.isFinite(v) },
      ...about.flags,
    },
    texts: {
      loss: { default: loss, help: about.losses.join(", "), choices: about.losses },
      data: { default: null, help: about.data },
      report: { default: `reports/${about.name}`, help: "folder for the report and model.safetensors" },
    },
    switches: {
      quick: `${about.quick.epochs} epochs only`,
      eager: "without compiled programs: slower, the same up to rounding",
      quiet: "print the result alone",
      help: "print this",
    },
  };
}

const dashed = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** All settings: those given, checked, over the lesson's defaults. Throws a UsageError. */
export function settle<Extra extends string>(
  about: About<Extra>,
  given: Partial<SettingsOf<Extra>> = {},
): SettingsOf<Extra> {
  const { numbers, texts, switches } = flagsOf(about as unknown as About<string>);
  const settings: Record<string, unknown> = { quiet: false, quick: false, eager: false };
  for (const [name, flag] of Object.entries({ ...numbers, ...texts })) settings[name] = flag.default;
  if (given.quick) settings.epochs = about.quick.epochs;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!(name in settings)) throw new UsageError(`unknown setting "${name}"; there are ${Object.keys(settings)}`);
    const number = numbers[name];
    if (number && !(typeof value === "number" && number.holds(value))) {
      throw new UsageError(`${dashed(name)} must be ${number.domain}, got ${value}`);
    }
    const choices = texts[name]?.choices;
    if (choices && !choices.includes(String(value))) {
      throw new UsageError(`${dashed(name)} must be one of ${choices.join(", ")}, got ${value}`);
    }
    if (name in switches && typeof value !== "boolean") throw new UsageError(`${dashed(name)} takes no value`);
    settings[name] = value;
  }
  return settings as unknown as SettingsOf<Extra>;
}

/** The settings that a command line asks for, or null when it asks for --help. Throws a UsageError. */
export function parseFlags<Extra extends string>(
  about: About<Extra>,
  args: readonly string[],
): Partial<SettingsOf<Extra>> | null {
  const { numbers, texts, switches } = flagsOf(about as unknown as About<string>);
  const names = new Map([...Object.keys(numbers), ...Object.keys(texts)].map((name) => [dashed(name).slice(2), name]));
  const values = parse(args, [...names.keys()], Object.keys(switches));
  if (values.help) return null;
  const given: Record<string, unknown> = {};
  for (const [flag, value] of Object.entries(values)) {
    const name = names.get(flag) ?? flag;
    // An empty text is no number, though Number("") is 0.
    given[name] = name in numbers ? (String(value).trim() === "" ? Number.NaN : Number(value)) : value;
    if (Number.isNaN(given[name])) {
      throw new UsageError(`${dashed(name)} must be ${numbers[name].domain}, got ${JSON.stringify(value)}`);
    }
  }
  settle(about, given as Partial<SettingsOf<Extra>>);
  return given as Partial<SettingsOf<Extra>>;
}

/** node:util's parseArgs, for flags with a value and switches, with errors in one line. */
export function parse(
  args: readonly string[],
  valued: readonly string[],
  switches: readonly string[],
): Record<string, string | boolean> {
  // A negative number is a value, not a flag: let the check of its domain say what is wrong with it.
  const joined: string[] = [];
  for (const arg of args) {
    if (/^-[\d.]/.test(arg) && joined.at(-1)?.startsWith("--")) joined.push(`${joined.pop()}=${arg}`);
    else joined.push(arg);
  }
  const options = Object.fromEntries([
    ...valued.map((flag) => [flag, { type: "string" as const }]),
    ...switches.map((flag) => [flag, { type: "boolean" as const }]),
  ]);
  try {
    return parseArgs({ args: joined, options, strict: true }).values as Record<string, string | boolean>;
  } catch (error) {
    const message = (error as Error).message.split(/\. |\n/)[0];
    throw new UsageError(`${message.charAt(0).toLowerCase()}${message.slice(1)}; --help lists the flags`);
  }
}

/** The text of --help. */
export function help(about: About<string>): string {
  const { numbers, texts, switches } = flagsOf(about);
  const placeholders: Record<string, string> = { loss: "NAME", data: "PATH", report: "DIR" };
  const rows = [
    ...Object.entries(numbers).map(([name, f]) => [`${dashed(name)} N`, f.help, `default ${f.default}`]),
    ...Object.entries(texts).map(([name, f]) => [
      `${dashed(name)} ${placeholders[name]}`,
      f.help,
      f.default === null ? "" : `default ${f.default}`,
    ]),
    ...Object.entries(switches).map(([name, text]) => [dashed(name), text, ""]),
  ];
  const width = Math.max(...rows.map(([flag]) => flag.length));
  const lines = rows.map(([flag, text, value]) => `  ${flag.padEnd(width)}  ${text}${value && ` (${value})`}`);
  return `${about.title}\n${about.summary}\n\nnpx ts-node examples/${about.name}.ts [flags]\n\n${lines.join("\n")}`;
}
