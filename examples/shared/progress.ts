import { SingleBar } from "cli-progress";
import type { Epoch } from "./lesson.ts";

/** Epochs as a bar on a terminal, as about ten plain lines elsewhere, as nothing when quiet. */
export class Progress {
  readonly #bar: SingleBar | null = null;
  readonly #count: number;
  readonly #metric: string;
  readonly #quiet: boolean;
  #shown = { loss: "", metric: "" };

  constructor(count: number, metric: string, quiet: boolean) {
    this.#count = count;
    this.#metric = metric;
    this.#quiet = quiet;
    if (quiet || !process.stdout.isTTY) return;
    this.#bar = new SingleBar({
      format: "epoch {value}/{total} [{bar}] {loss}{metric}",
      stream: process.stdout,
      barsize: 30,
      barCompleteChar: "=",
      barIncompleteChar: " ",
    });
    this.#bar.start(count, 0, this.#shown);
  }

  /** Shows the loss so far within an epoch. */
  step({ number, loss }: Epoch): void {
    if (this.#bar === null) return;
    this.#shown = { ...this.#shown, loss: `loss ${loss.toFixed(4)}` };
    this.#bar.update(number - 1, this.#shown);
  }

  /** Shows the end of an epoch. */
  epoch({ number, loss, metric }: Epoch): void {
    this.#shown = {
      loss: `loss ${loss.toFixed(4)}`,
      metric: metric === undefined ? "" : `  ${this.#metric} ${metric.toFixed(4)}`,
    };
    if (this.#bar !== null) this.#bar.update(number, this.#shown);
    else if (!this.#quiet && (number === this.#count || number % Math.ceil(this.#count / 10) === 0)) {
      console.log(
        `epoch ${String(number).padStart(String(this.#count).length)}/${this.#count}  ${this.#shown.loss}${this.#shown.metric}`,
      );
    }
  }

  stop(): void {
    this.#bar?.stop();
  }
}
