import { markChanged } from "../autograd/assign.ts";
import { recordingAs } from "../autograd/primitive.ts";
import { ValueError } from "../tensor/errors.ts";
import { expectInteger, expectNonNegative, expectOneOf } from "../tensor/options.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { expectOutside } from "../tensor/tracing.ts";
import { Optimizer, type OptimizerState } from "./optimizer.ts";
import { type LinePoint, strongWolfe } from "./strong-wolfe.ts";

export interface LBFGSOptions {
  /** The step length, or the first one that the line search tries. Default 1. */
  lr: number;
  /** Iterations in one `step`. Default 20. */
  maxIter: number;
  /** Calls of the closure in one `step`; null (the default) is 5/4 of maxIter. */
  maxEval: number | null;
  /** Stop when no element of the gradient is larger. Default 1e-7. */
  toleranceGrad: number;
  /** Stop when no parameter, or the loss, changes by more. Default 1e-9. */
  toleranceChange: number;
  /** How many past steps shape the curvature. Default 100. */
  historySize: number;
  /** "strongWolfe" searches along each direction; null (the default) takes the step lr. */
  lineSearchFn: "strongWolfe" | null;
}

const defaults: LBFGSOptions = {
  lr: 1,
  maxIter: 20,
  maxEval: null,
  toleranceGrad: 1e-7,
  toleranceChange: 1e-9,
  historySize: 100,
  lineSearchFn: null,
};

type Vector = Float64Array;

const dot = (a: Vector, b: Vector): number => a.reduce((total, v, i) => total + v * b[i], 0);
const largest = (a: Vector): number => a.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** a + scale b. */
const plus = (a: Vector, scale: number, b: Vector): Vector => a.map((v, i) => v + scale * b[i]);

/** What one iteration leaves for the next. */
interface Memory {
  iterations: number;
  /** The last direction, step length, and gradient before the step. */
  direction: Vector;
  t: number;
  gradient: Vector;
  /** Past changes of the parameters (s) and of the gradient (y), oldest first, and y.s / y.y of the last. */
  steps: Vector[];
  changes: Vector[];
  scale: number;
}

/**
 * Newton's method with a curvature estimated from the last gradients, for smooth losses over all data at once. The
 * direction is -H g, H the inverse Hessian that fits the past changes of parameters and gradients (two-loop recursion).
 *
 * `step(closure)` makes up to maxIter iterations; the closure clears the gradients, computes the loss, calls
 * `backward()` and returns the loss. Vectors are float64 whatever the parameters are. One group of parameters only.
 * Nocedal 1980; Liu and Nocedal 1989. Semantics of torch.optim.LBFGS.
 *
 * @example
 * optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const loss = mse(model.call(x), y);
 *   loss.backward();
 *   return loss;
 * });
 */
export class LBFGS extends Optimizer<LBFGSOptions> {
  private memory: Memory | null = null;

  constructor(parameters: readonly Tensor[], options: Partial<LBFGSOptions> = {}) {
    super("LBFGS", parameters, options, defaults);
    if (this.groups.length > 1) throw new ValueError("LBFGS", "takes one list of parameters, not groups");
  }

  protected check(where: string, o: LBFGSOptions): void {
    expectInteger(where, "maxIter", o.maxIter);
    if (o.maxEval !== null) expectInteger(where, "maxEval", o.maxEval);
    expectInteger(where, "historySize", o.historySize);
    expectNonNegative(where, "toleranceGrad", o.toleranceGrad);
    expectNonNegative(where, "toleranceChange", o.toleranceChange);
    expectOneOf(where, "lineSearchFn", o.lineSearchFn, ["strongWolfe", null]);
  }

  /** Returns the loss at the start. */
  step(closure?: () => Tensor): Tensor {
    if (typeof closure !== "function") {
      throw new ValueError(
        "LBFGS.step",
        "needs a closure that clears the gradients, calls backward() and returns the loss",
      );
    }
    expectOutside(
      "LBFGS.step",
      "decides by the values of losses and gradients, which are not known while a function is compiled; call it outside, with a closure that calls a compiled function",
    );
    const { lr, maxIter, toleranceGrad, toleranceChange, historySize, lineSearchFn, ...rest } = this.groups[0];
    const maxEval = rest.maxEval ?? Math.floor((maxIter * 5) / 4);
    const firstLoss = recordingAs(true, closure);
    let loss = firstLoss.item();
    let gradient = this.gradient();
    let evaluations = 1;
    if (largest(gradient) <= toleranceGrad) return firstLoss;

    for (let iteration = 1; iteration <= maxIter; iteration++) {
      this.memory = remember(this.memory, gradient, historySize);
      const { direction } = this.memory;
      const lossBefore = loss;
      const slope = dot(gradient, direction);
      // The very first direction is the bare gradient, whose length says nothing about a good step.
      let t =
        this.memory.iterations === 1 ? Math.min(1, 1 / gradient.reduce((sum, v) => sum + Math.abs(v), 0)) * lr : lr;
      this.memory.t = t;
      if (slope > -toleranceChange) break;

      const origin = this.values();
      if (lineSearchFn === "strongWolfe") {
        const evaluate = (length: number): LinePoint => {
          this.setValues(plus(origin, length, direction));
          const f = recordingAs(true, closure).item();
          const g = this.gradient();
          return { t: length, f, g, slope: dot(g, direction) };
        };
        const start = { t: 0, f: loss, g: gradient, slope };
        const room = maxEval - evaluations;
        const found = strongWolfe(evaluate, start, t, largest(direction), toleranceChange, room);
        ({ t, f: loss, g: gradient } = found.point);
        evaluations += found.evaluations;
        this.setValues(plus(origin, t, direction));
      } else {
        this.setValues(plus(origin, t, direction));
        if (iteration === maxIter) break; // nobody would look at the loss
        loss = recordingAs(true, closure).item();
        gradient = this.gradient();
        evaluations++;
      }
      this.memory.t = t;
      if (evaluations >= maxEval || largest(gradient) <= toleranceGrad) break;
      if (largest(direction) * Math.abs(t) <= toleranceChange || Math.abs(loss - lossBefore) < toleranceChange) break;
    }
    return firstLoss;
  }

  /** All gradients as one vector; zeros where there is none. */
  private gradient(): Vector {
    return flat(this.parameters.map(({ grad, size }) => grad?.data ?? new Float64Array(size)));
  }

  private values(): Vector {
    return flat(this.parameters.map(({ data }) => data));
  }

  private setValues(values: Vector): void {
    let at = 0;
    for (const parameter of this.parameters) {
      parameter.data.set(values.subarray(at, at + parameter.size));
      markChanged(parameter.storage);
      at += parameter.size;
    }
  }

  stateDict(): OptimizerState {
    const tensors: Record<string, Tensor> = {};
    if (this.memory !== null) {
      const { iterations, direction, t, gradient, steps, changes, scale } = this.memory;
      tensors.progress = vector(Float64Array.of(iterations, t, scale));
      tensors.direction = vector(direction);
      tensors.gradient = vector(gradient);
      tensors.steps = new Tensor(flat(steps), [steps.length, direction.length], "float64");
      tensors.changes = new Tensor(flat(changes), [changes.length, direction.length], "float64");
    }
    return { groups: this.savedGroups(), tensors };
  }

  loadStateDict(state: OptimizerState): void {
    const [options] = this.savedOptions(state);
    const { tensors } = state;
    let memory: Memory | null = null;
    if (Object.keys(tensors).length > 0) {
      const size = this.parameters.reduce((n, p) => n + p.size, 0);
      const length = tensors.steps?.shape[0] ?? 0;
      const expected = {
        progress: [3],
        direction: [size],
        gradient: [size],
        steps: [length, size],
        changes: [length, size],
      };
      const problems = Object.entries(expected).flatMap(([name, shape]) => {
        const found = tensors[name];
        if (!(found instanceof Tensor)) return [`"${name}" is missing`];
        if (sameShape(found.shape, shape)) return [];
        return [`"${name}" has shape ${formatShape(found.shape)}, expected ${formatShape(shape)}`];
      });
      for (const name of Object.keys(tensors)) if (!(name in expected)) problems.push(`"${name}" is unexpected`);
      if (problems.length > 0) throw new ValueError("LBFGS.loadStateDict", problems.join(", "));
      const [iterations, t, scale] = tensors.progress.data;
      const rows = ({ data }: Tensor) =>
        Array.from({ length }, (_, i) => Float64Array.from(data.subarray(i * size, (i + 1) * size)));
      memory = {
        iterations,
        t,
        scale,
        direction: Float64Array.from(tensors.direction.data),
        gradient: Float64Array.from(tensors.gradient.data),
        steps: rows(tensors.steps),
        changes: rows(tensors.changes),
      };
    }
    Object.assign(this.groups[0], options);
    this.memory = memory;
  }
}

const vector = (values: Vector): Tensor => new Tensor(values.slice(), [values.length], "float64");

function flat(parts: readonly Tensor["data"][]): Vector {
  const joined = new Float64Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Takes the last step into the memory and finds the next direction, -H gradient. */
function remember(before: Memory | null, gradient: Vector, historySize: number): Memory {
  if (before === null) {
    const direction = gradient.map((v) => -v);
    return { iterations: 1, direction, t: 0, gradient, steps: [], changes: [], scale: 1 };
  }
  let { steps, changes, scale } = before;
  const change = plus(gradient, -1, before.gradient);
  const step = before.direction.map((v) => v * before.t);
  const curvature = dot(change, step);
  if (curvature > 1e-10) {
    // Only then does H stay positive definite.
    steps = [...steps, step].slice(-historySize);
    changes = [...changes, change].slice(-historySize);
    scale = curvature / dot(change, change);
  }
  let direction: Vector = gradient.map((v) => -v);
  const weights: number[] = [];
  for (let i = steps.length - 1; i >= 0; i--) {
    weights[i] = dot(steps[i], direction) / dot(changes[i], steps[i]);
    direction = plus(direction, -weights[i], changes[i]);
  }
  direction = direction.map((v) => v * scale);
  for (let i = 0; i < steps.length; i++) {
    const back = dot(changes[i], direction) / dot(changes[i], steps[i]);
    direction = plus(direction, weights[i] - back, steps[i]);
  }
  return { iterations: before.iterations + 1, direction, t: before.t, gradient, steps, changes, scale };
}
