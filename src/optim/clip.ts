import { abs, add, div, maximum, minimum, mul, pow, sqrt, square, to } from "../autograd/elementwise.ts";
import { sum } from "../autograd/movement.ts";
import { noGrad } from "../autograd/primitive.ts";
import { max } from "../autograd/reduction.ts";
import { clamp } from "../functional/activations.ts";
import { zeros } from "../tensor/creation.ts";
import { ValueError } from "../tensor/errors.ts";
import { expectNonNegative, expectNumber, resolve } from "../tensor/options.ts";
import { Tensor } from "../tensor/tensor.ts";
import { tracing } from "../tensor/tracing.ts";

/** The parameters that have a gradient. */
function withGradients(where: string, parameters: Tensor | readonly Tensor[]): Tensor[] {
  const list = parameters instanceof Tensor ? [parameters] : parameters;
  if (!Array.isArray(list) || !list.every((t) => t instanceof Tensor)) {
    throw new ValueError(where, `parameters must be a list of tensors, got ${String(parameters)}`);
  }
  return (list as Tensor[]).filter(({ grad }) => grad !== null);
}

/** Their gradients, each once. */
const gradientsOf = (parameters: readonly Tensor[]): Tensor[] => [
  ...new Map(parameters.map(({ grad }) => [grad!.storage, grad!])).values(),
];

/** Gives each parameter what `change` makes of its gradient, which is not computed while tracing. */
function replaceGradients(parameters: readonly Tensor[], change: (gradient: Tensor) => Tensor): void {
  const changed = new Map(gradientsOf(parameters).map((g) => [g.storage, change(g)]));
  for (const parameter of parameters) parameter.grad = changed.get(parameter.grad!.storage)!;
}

/**
 * Scales all gradients, seen as one vector, by min(1, maxNorm / (norm + 1e-6)), in place, and returns the norm it had;
 * NaN inside a function that is being compiled, where it is not known. `p` is the norm's power, default 2, or Infinity.
 * A maxNorm of Infinity changes nothing. A norm that is not finite spreads, as in PyTorch. Semantics of
 * torch.nn.utils.clip_grad_norm_.
 */
export function clipGradNorm(
  parameters: Tensor | readonly Tensor[],
  maxNorm: number,
  options: { p?: number } = {},
): number {
  const where = "clipGradNorm";
  const { p } = resolve(where, options, { p: 2 });
  expectNumber(where, "maxNorm", maxNorm, ">= 0", (v) => v >= 0);
  expectNumber(where, "p", p, "> 0 or Infinity", (v) => v > 0);
  const those = withGradients(where, parameters);
  const gradients = gradientsOf(those);
  if (tracing.tracer !== null) {
    noGrad(() => {
      const scale = minimum(div(maxNorm, add(tracedNorm(gradients, p), 1e-6)), 1);
      replaceGradients(those, (g) => to(mul(g, scale), g.dtype));
    });
    return Number.NaN;
  }
  const norm = normOf(gradients, p);
  const scale = maxNorm / (norm + 1e-6);
  if (scale < 1 || Number.isNaN(scale)) {
    for (const { data } of gradients) for (let i = 0; i < data.length; i++) data[i] *= scale;
  }
  return norm;
}

function normOf(gradients: readonly Tensor[], p: number): number {
  let total = 0;
  for (const { data: g } of gradients) {
    if (p === 2) for (let i = 0; i < g.length; i++) total += g[i] * g[i];
    else if (p === Number.POSITIVE_INFINITY) for (let i = 0; i < g.length; i++) total = Math.max(total, Math.abs(g[i]));
    else for (let i = 0; i < g.length; i++) total += Math.abs(g[i]) ** p;
  }
  return p === Number.POSITIVE_INFINITY ? total : total ** (1 / p);
}

/** The same in operations. */
function tracedNorm(gradients: readonly Tensor[], p: number): Tensor {
  const parts = gradients.filter(({ size }) => size > 0);
  if (p === Number.POSITIVE_INFINITY) return parts.map((g) => max(abs(g))).reduce(maximum, zeros([]));
  const total = parts.map((g) => sum(p === 2 ? square(g) : pow(abs(g), p))).reduce(add, zeros([]));
  return p === 2 ? sqrt(total) : pow(total, 1 / p);
}

/** Cuts every element of the gradients off at +-`clipValue`, in place. Semantics of torch.nn.utils.clip_grad_value_. */
export function clipGradValue(parameters: Tensor | readonly Tensor[], clipValue: number): void {
  expectNonNegative("clipGradValue", "clipValue", clipValue);
  const those = withGradients("clipGradValue", parameters);
  if (tracing.tracer !== null) {
    noGrad(() => replaceGradients(those, (g) => clamp(g, -clipValue, clipValue)));
    return;
  }
  for (const { data: g } of gradientsOf(those)) {
    for (let i = 0; i < g.length; i++) {
      if (g[i] > clipValue) g[i] = clipValue;
      else if (g[i] < -clipValue) g[i] = -clipValue;
    }
  }
}
