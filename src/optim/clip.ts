import { ValueError } from "../tensor/errors.ts";
import { expectNonNegative, expectNumber, resolve } from "../tensor/options.ts";
import { Tensor } from "../tensor/tensor.ts";

/** The arrays of the gradients, each once; parameters without a gradient are left out. */
function gradientsOf(where: string, parameters: Tensor | readonly Tensor[]): Set<Tensor["data"]> {
  const list = parameters instanceof Tensor ? [parameters] : parameters;
  if (!Array.isArray(list) || !list.every((t) => t instanceof Tensor)) {
    throw new ValueError(where, `parameters must be a list of tensors, got ${String(parameters)}`);
  }
  return new Set((list as Tensor[]).flatMap(({ grad }) => (grad === null ? [] : [grad.data])));
}

/**
 * Scales all gradients, seen as one vector, by min(1, maxNorm / (norm + 1e-6)), in place, and returns the norm it had.
 * `p` is the norm's power, default 2, or Infinity. A norm that is not finite spreads, as in PyTorch.
 * Semantics of torch.nn.utils.clip_grad_norm_.
 */
export function clipGradNorm(
  parameters: Tensor | readonly Tensor[],
  maxNorm: number,
  options: { p?: number } = {},
): number {
  const where = "clipGradNorm";
  const { p } = resolve(where, options, { p: 2 });
  expectNonNegative(where, "maxNorm", maxNorm);
  expectNumber(where, "p", p, "> 0 or Infinity", (v) => v > 0);
  const gradients = gradientsOf(where, parameters);
  const norm = normOf(gradients, p);
  const scale = maxNorm / (norm + 1e-6);
  if (scale < 1 || Number.isNaN(scale)) {
    for (const g of gradients) for (let i = 0; i < g.length; i++) g[i] *= scale;
  }
  return norm;
}

function normOf(gradients: Iterable<Tensor["data"]>, p: number): number {
  let total = 0;
  for (const g of gradients) {
    if (p === 2) for (let i = 0; i < g.length; i++) total += g[i] * g[i];
    else if (p === Number.POSITIVE_INFINITY) for (let i = 0; i < g.length; i++) total = Math.max(total, Math.abs(g[i]));
    else for (let i = 0; i < g.length; i++) total += Math.abs(g[i]) ** p;
  }
  return p === Number.POSITIVE_INFINITY ? total : total ** (1 / p);
}

/** Cuts every element of the gradients off at +-`clipValue`, in place. Semantics of torch.nn.utils.clip_grad_value_. */
export function clipGradValue(parameters: Tensor | readonly Tensor[], clipValue: number): void {
  expectNonNegative("clipGradValue", "clipValue", clipValue);
  for (const g of gradientsOf("clipGradValue", parameters)) {
    for (let i = 0; i < g.length; i++) {
      if (g[i] > clipValue) g[i] = clipValue;
      else if (g[i] < -clipValue) g[i] = -clipValue;
    }
  }
}
