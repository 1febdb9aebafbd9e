import { div, mul, relu, sigmoid, softplus, tanh } from "../autograd/elementwise.ts";
import { elu, gelu, leakyRelu, logSigmoid, mish, silu } from "../functional/activations.ts";
import { logSoftmax, softmax } from "../functional/rows.ts";
import { expectOneOf, expectPositive, resolve } from "../tensor/options.ts";
import type { Tensor, TensorLike } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

// Activations as layers, for use in `Sequential`. The formulas are those of the functions of the same name.

/** max(x, 0). */
export class ReLU extends Module {
  forward(x: TensorLike): Tensor {
    return relu(x);
  }
}

/** x where x > 0, slope x elsewhere; slope defaults to 0.01. */
export class LeakyReLU extends Module {
  readonly slope: number;

  constructor(slope = 0.01) {
    super();
    this.slope = slope;
  }

  forward(x: TensorLike): Tensor {
    return leakyRelu(x, this.slope);
  }
}

/** x where x > 0, alpha (e^x - 1) elsewhere; alpha defaults to 1. */
export class ELU extends Module {
  readonly alpha: number;

  constructor(alpha = 1) {
    super();
    this.alpha = alpha;
  }

  forward(x: TensorLike): Tensor {
    return elu(x, this.alpha);
  }
}

/** x Phi(x), or its approximation by tanh. */
export class GELU extends Module {
  readonly approximate: "none" | "tanh";

  constructor(options: { approximate?: "none" | "tanh" } = {}) {
    super();
    this.approximate = resolve("GELU", options, { approximate: "none" as "none" | "tanh" }).approximate;
    expectOneOf("GELU", "approximate", this.approximate, ["none", "tanh"]);
  }

  forward(x: TensorLike): Tensor {
    return gelu(x, { approximate: this.approximate });
  }
}

/** x sigmoid(x). */
export class SiLU extends Module {
  forward(x: TensorLike): Tensor {
    return silu(x);
  }
}

/** x tanh(softplus(x)). */
export class Mish extends Module {
  forward(x: TensorLike): Tensor {
    return mish(x);
  }
}

/** 1 / (1 + e^-x). */
export class Sigmoid extends Module {
  forward(x: TensorLike): Tensor {
    return sigmoid(x);
  }
}

/** log sigmoid(x). */
export class LogSigmoid extends Module {
  forward(x: TensorLike): Tensor {
    return logSigmoid(x);
  }
}

/** tanh(x). */
export class Tanh extends Module {
  forward(x: TensorLike): Tensor {
    return tanh(x);
  }
}

/** log(1 + e^(beta x)) / beta; beta defaults to 1. */
export class Softplus extends Module {
  readonly beta: number;

  constructor(beta = 1) {
    super();
    this.beta = beta;
    expectPositive("Softplus", "beta", beta);
  }

  forward(x: TensorLike): Tensor {
    return this.beta === 1 ? softplus(x) : div(softplus(mul(x, this.beta)), this.beta);
  }
}

/** e^x / sum e^x along an axis (default the last). */
export class Softmax extends Module {
  readonly axis: number;

  constructor(axis = -1) {
    super();
    this.axis = axis;
  }

  forward(x: TensorLike): Tensor {
    return softmax(x, this.axis);
  }
}

/** log softmax along an axis (default the last). */
export class LogSoftmax extends Module {
  readonly axis: number;

  constructor(axis = -1) {
    super();
    this.axis = axis;
  }

  forward(x: TensorLike): Tensor {
    return logSoftmax(x, this.axis);
  }
}
