import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compile, concat, FormatError, io, type nn, noGrad, type Tensor } from "../../src/index.ts";
import { curves, Report } from "../../src/report/index.ts";
import { type About, help, parseFlags, type SettingsOf, settle, UsageError } from "./flags.ts";
import { Progress } from "./progress.ts";

export type { About, Settings, SettingsOf } from "./flags.ts";

/** What a lesson found out. */
export interface Result {
  /** The lesson's name. */
  task: string;
  title: string;
  loss: string;
  metric: string;
  /** The metric on held-out data. */
  value: number;
  /** A classical method on the same split. */
  baseline: { name: string; value: number };
  /** What `value` has to reach with these settings. */
  threshold: number;
  /** From reading the data to the result; shown, and no part of any result. */
  seconds: number;
  /** Digest of the final weights: equal seeds give equal bits. */
  weights: string;
}

/** What goes around every lesson: settings, progress, the result line, the report and the saved model. */
export class Lesson<Extra extends string = never> {
  readonly about: About<Extra>;
  readonly settings: SettingsOf<Extra>;
  readonly #started = performance.now();
  readonly #history = { loss: [] as number[], validationLoss: [] as number[], metric: [] as number[] };
  readonly #forward = new WeakMap<nn.Module, (x: Tensor) => Tensor>();
  #summary = "";
  #state: nn.StateDict = {};

  constructor(about: About<Extra>, given: Partial<SettingsOf<Extra>> = {}) {
    this.about = about;
    this.settings = settle(about, given);
  }

  /** Prints unless --quiet. */
  say(text: string): void {
    if (!this.settings.quiet) console.log(text);
  }

  /** Prints the layers of the model. */
  show(model: nn.Module<unknown>, inputShape: readonly number[]): void {
    this.#summary = model.summary(inputShape);
    this.say(`\n${this.about.title}\n\n${this.#summary}\n`);
  }

  /** `fn` as a WebAssembly program, which its first call makes and the others run. With --eager `fn` as it stands. */
  compiled<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
    return this.settings.eager ? fn : compile(fn);
  }

  /** The model's outputs for all rows of x, in evaluation mode, without gradients, a few hundred rows at a time. */
  predict(model: nn.Module, x: Tensor, batchSize = 256): Tensor {
    const forward = this.#forward.get(model) ?? this.compiled((rows: Tensor) => model.call(rows));
    this.#forward.set(model, forward);
    const { training } = model;
    model.eval();
    try {
      return noGrad(() => concat(x.split(batchSize).map((rows) => forward(rows))));
    } finally {
      model.train(training);
    }
  }

  /** Counts the epochs, and shows how far they are. */
  *epochs(count: number = this.settings.epochs): Generator<Epoch> {
    const progress = new Progress(count, this.about.metric, this.settings.quiet);
    try {
      for (let number = 1; number <= count; number++) {
        const epoch = new Epoch(number, progress);
        yield epoch;
        this.#history.loss.push(epoch.loss);
        if (epoch.metric !== undefined) this.#history.metric.push(epoch.metric);
        if (epoch.validationLoss !== undefined) this.#history.validationLoss.push(epoch.validationLoss);
        progress.epoch(epoch);
      }
    } finally {
      progress.stop();
    }
  }

  /**
   * Prints the result on held-out data beside that of a classical method, and returns it. `state` is what `finish`
   * saves: the model's and whatever else it takes to use it.
   */
  result(state: nn.StateDict, value: number, baseline: Result["baseline"], on: string): Result {
    const { about, settings } = this;
    this.#state = state;
    const result: Result = {
      task: about.name,
      title: about.title,
      loss: settings.loss,
      metric: about.metric,
      value,
      baseline,
      threshold: settings.quick ? about.quick.threshold : about.threshold,
      seconds: (performance.now() - this.#started) / 1000,
      weights: digest(state),
    };
    console.log(
      `${about.name} (${settings.loss}): ${about.metric} ${value.toFixed(4)} on ${on}, ` +
        `${baseline.name} ${baseline.value.toFixed(4)}, ${result.seconds.toFixed(1)} s`,
    );
    return result;
  }

  /** A report that begins with the result. The lesson adds what it saw, `finish` how it got there. */
  report(result: Result): Report {
    return new Report(this.about.title, {
      kicker: `tapegrad / ${this.about.name}`,
      home: "../index.html",
      lead: this.about.summary,
    }).numbers({
      [`${result.metric} on held-out data`]: result.value.toFixed(3),
      [result.baseline.name]: result.baseline.value.toFixed(3),
      "loss function": result.loss,
      seconds: result.seconds.toFixed(1),
    });
  }

  /** Adds training and settings to the report and writes everything into the report's folder. */
  async finish(result: Result, report: Report, cover: string): Promise<Result> {
    const { about, settings } = this;
    const { loss, validationLoss, metric } = this.#history;
    report.section("Training");
    report.figure(
      await curves(validationLoss.length > 0 ? { training: loss, validation: validationLoss } : { training: loss }, {
        y: settings.loss,
      }),
      validationLoss.length > 0
        ? "The loss by epoch. Where the two lines part, the model goes on to learn what holds for the training examples alone."
        : "The loss by epoch, averaged over the steps of the epoch.",
    );
    if (metric.length > 0) {
      report.figure(
        await curves({ [about.metric]: metric }, { y: about.metric }),
        `The ${about.metric} by epoch on examples that the training steps never see.`,
      );
    }
    report.section("Model").code(this.#summary);
    report
      .section("Run it again")
      .text("The same seed gives the same bits. The weights lie beside this page in `model.safetensors`.");
    report.code(commandLine(about as unknown as About<string>, settings));
    await mkdir(settings.report, { recursive: true });
    await io.saveSafetensors(join(settings.report, "model.safetensors"), this.#state);
    await writeFile(join(settings.report, "cover.svg"), cover);
    await writeFile(join(settings.report, "result.json"), `${JSON.stringify(result, null, 2)}\n`);
    await report.save(join(settings.report, "index.html"));
    this.say(`report: ${join(settings.report, "index.html")}`);
    return result;
  }
}

/** One pass over the training data. */
export class Epoch {
  readonly number: number;
  metric?: number;
  validationLoss?: number;
  readonly #progress: Progress;
  #total = 0;
  #steps = 0;

  constructor(number: number, progress: Progress) {
    this.number = number;
    this.#progress = progress;
  }

  /** The mean loss of the steps so far. */
  get loss(): number {
    return this.#total / this.#steps;
  }

  /** Notes the loss of a step. */
  step(loss: Tensor): void {
    this.#total += loss.item();
    this.#steps++;
    this.#progress.step(this);
  }

  /** Notes how the model does on the validation part. */
  validate(metric: number, loss?: Tensor): void {
    this.metric = metric;
    this.validationLoss = loss?.item();
  }
}

/** Runs a lesson from the command line: flags, --help, and errors in one line. */
export async function main<Extra extends string>(
  about: About<Extra>,
  run: (given: Partial<SettingsOf<Extra>>) => Promise<Result>,
): Promise<void> {
  try {
    const given = parseFlags(about, process.argv.slice(2));
    if (given === null) console.log(help(about as unknown as About<string>));
    else await run(given);
  } catch (error) {
    if (!isUsage(error)) throw error;
    console.error(`${about.name}: ${error.message}`);
    process.exitCode = 2;
  }
}

/** Whether the one who typed the command can mend it: a flag, a path, or a file that is not what it should be. */
function isUsage(error: unknown): error is Error {
  const { code } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
  return (
    error instanceof UsageError ||
    error instanceof FormatError ||
    (error instanceof Error && ["ENOENT", "EISDIR", "ENOTDIR", "EACCES"].includes(String(code)))
  );
}

function commandLine(about: About<string>, settings: object): string {
  const standard = settle(about) as unknown as Record<string, unknown>;
  const flags = Object.entries(settings)
    .filter(([name, value]) => value !== standard[name] && !["report", "quiet"].includes(name))
    .filter(([name]) => !(name === "epochs" && (settings as { quick: boolean }).quick))
    .map(([name, value]) => {
      const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      return value === true ? flag : `${flag} ${value}`;
    });
  return ["npx ts-node", `examples/${about.name}.ts`, ...flags].join(" ");
}

/** FNV-1a over the bytes of all tensors. */
function digest(state: nn.StateDict): string {
  let hash = 0x811c9dc5;
  for (const { data } of Object.values(state)) {
    for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) {
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
