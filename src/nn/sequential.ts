import { flatten } from "../functional/shapes.ts";
import { ValueError } from "../tensor/errors.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** Modules one after the other, each given what the one before returns. Named "0", "1", ... in the state. */
export class Sequential extends Module {
  readonly layers: readonly Module[];

  constructor(...modules: Module[]) {
    super();
    modules.forEach((module, i) => {
      if (!(module instanceof Module)) {
        throw new ValueError(
          "Sequential",
          `modules[${i}] must be a Module, got ${String(module)}; pass them one by one`,
        );
      }
    });
    this.layers = modules;
  }

  forward(x: TensorLike): Tensor {
    return asTensor(this.layers.reduce<TensorLike>((y, layer) => layer.call(y), x));
  }

  protected override held(): [string, unknown][] {
    return this.layers.map((layer, i) => [String(i), layer]);
  }
}

/** The axes from `start` (default 1: all but the batch) to `end` (default the last) as one. */
export class Flatten extends Module {
  readonly start: number;
  readonly end: number;

  constructor(start = 1, end = -1) {
    super();
    this.start = start;
    this.end = end;
  }

  forward(x: TensorLike): Tensor {
    return flatten(x, this.start, this.end);
  }
}
