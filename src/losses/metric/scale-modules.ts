import { noGrad } from "../../autograd/primitive.ts";
import { Module } from "../../nn/module.ts";
import { zeros } from "../../tensor/creation.ts";
import { expectNumber, expectOptions, expectPositive } from "../../tensor/options.ts";
import { type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import { type RingOptions, ring } from "./center.ts";
import { type GE2EOptions, ge2e } from "./ge2e.ts";
import { type AngularPrototypicalOptions, angularPrototypical } from "./prototypes.ts";

// Losses that learn a number or two: a factor on the cosines, an offset, a length.

/** What softplus makes `value` > 0 of: a parameter that may take any value for a factor that stays positive. */
const inverseSoftplus = (value: number): Tensor =>
  tensor(value + Math.log(-Math.expm1(-value)), { requiresGrad: true });

/**
 * `ge2e` that learns its factor and offset. The factor is softplus(w), so that it stays positive however `w` moves;
 * the options w (default 10) and b (default -5) are what factor and offset start from.
 */
export class GE2E extends Module {
  w: Tensor;
  b: Tensor;
  readonly #options: Omit<GE2EOptions, "w" | "b">;

  constructor(given: Omit<GE2EOptions, "w" | "b"> & { w?: number; b?: number } = {}) {
    super();
    const defaults = { w: 10, b: -5 };
    expectOptions("GE2E", given, defaults);
    const { w = defaults.w, b = defaults.b, ...options } = given;
    expectPositive("GE2E", "w", w);
    expectNumber("GE2E", "b", b, "that is finite", Number.isFinite);
    this.#options = options;
    noGrad(() => ge2e(zeros([1, 2, 1]), options)); // checks the options now
    this.w = inverseSoftplus(w);
    this.b = tensor(b, { requiresGrad: true });
  }

  /** embeddings: [speakers, utterances, d]. */
  forward(embeddings: TensorLike): Tensor {
    return ge2e(embeddings, { ...this.#options, w: this.w.softplus(), b: this.b });
  }
}

/** `angularPrototypical` that learns its factor: softplus(w), which starts from the option w (default 10). */
export class AngularPrototypical extends Module {
  w: Tensor;
  readonly #options: Omit<AngularPrototypicalOptions, "w">;

  constructor(given: Omit<AngularPrototypicalOptions, "w"> & { w?: number } = {}) {
    super();
    const defaults = { w: 10 };
    expectOptions("AngularPrototypical", given, defaults);
    const { w = defaults.w, ...options } = given;
    expectPositive("AngularPrototypical", "w", w);
    this.#options = options;
    noGrad(() => angularPrototypical(zeros([1, 2, 1]), options)); // checks the options now
    this.w = inverseSoftplus(w);
  }

  /** embeddings: [speakers, utterances, d]. */
  forward(embeddings: TensorLike): Tensor {
    return angularPrototypical(embeddings, { ...this.#options, w: this.w.softplus() });
  }
}

/** `ring` that learns its radius: softplus(radius), which starts from the option radius (default 1). */
export class Ring extends Module {
  radius: Tensor;
  readonly #options: Omit<RingOptions, "radius">;

  constructor(given: Omit<RingOptions, "radius"> & { radius?: number } = {}) {
    super();
    const defaults = { radius: 1 };
    expectOptions("Ring", given, defaults);
    const { radius = defaults.radius, ...options } = given;
    expectPositive("Ring", "radius", radius);
    this.#options = options;
    noGrad(() => ring(zeros([1, 1]), options)); // checks the options now
    this.radius = inverseSoftplus(radius);
  }

  /** embeddings: [n, d]. */
  forward(embeddings: TensorLike): Tensor {
    return ring(embeddings, { ...this.#options, radius: this.radius.softplus() });
  }
}
