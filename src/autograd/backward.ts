import { onesLike, zerosLike } from "../tensor/creation.ts";
import { AutogradError, ShapeError, ValueError } from "../tensor/errors.ts";
import { resolve } from "../tensor/options.ts";
import { broadcastsTo, formatShape, sameShape } from "../tensor/shape.ts";
import { asTensor, Tensor, type TensorLike } from "../tensor/tensor.ts";
import { expectUnchanged } from "./assign.ts";
import { add, cast, to } from "./elementwise.ts";
import { sumTo } from "./movement.ts";
import { checkingGradients, type PrimitiveRecord, reachable, recordingAs, release } from "./primitive.ts";

/**
 * Reverse mode: walks the records newest first and hands each one's output gradient to its vjp.
 *
 * A record is newer than all that it depends on, so when the walk reaches it, every use of its output has already
 * contributed. `needed` says which tensors' gradients matter; the rest is not computed. Returns the gradients of
 * leaves and of tensors that `keep` names, and the records that were differentiated.
 */
function propagate(
  where: string,
  records: readonly PrimitiveRecord[],
  output: Tensor,
  seed: Tensor,
  needed: (t: Tensor) => boolean,
  keep: (t: Tensor) => boolean,
): { gradients: Map<Tensor, Tensor>; visited: PrimitiveRecord[] } {
  const gradients = new Map([[output, seed]]);
  const visited: PrimitiveRecord[] = [];
  checkingGradients((check) => {
    for (const record of records) {
      const { primitive, inputs, output, attributes } = record;
      const g = gradients.get(output);
      if (g === undefined || !inputs.some((input) => input.requiresGrad && needed(input))) continue;
      if (!keep(output)) gradients.delete(output);
      expectUnchanged(where, record);
      visited.push(record);
      const thunks = primitive.vjp!({ g, inputs, output, attributes });
      for (let i = 0; i < inputs.length; i++) {
        const input = inputs[i];
        if (!input.requiresGrad || !needed(input)) continue;
        const contribution = fitted(where, primitive.name, thunks[i], input, i);
        check(primitive.name, i, contribution);
        const sofar = gradients.get(input);
        gradients.set(input, sofar === undefined ? contribution : add(sofar, contribution));
      }
    }
  });
  return { gradients, visited };
}

/** What a vjp gave for an input, in that input's shape and dtype. */
function fitted(where: string, name: string, thunk: unknown, input: Tensor, i: number): Tensor {
  if (typeof thunk !== "function") {
    throw new AutogradError(
      where,
      `the vjp of ${name} gives no gradient for input ${i}; it needs a function for each input, ({ g }) => [() => g]`,
    );
  }
  const gradient: unknown = thunk();
  if (!(gradient instanceof Tensor)) {
    throw new AutogradError(where, `the vjp of ${name} must give a tensor for input ${i}, got ${String(gradient)}`);
  }
  if (!broadcastsTo(input.shape, gradient.shape)) {
    throw new AutogradError(
      where,
      `the vjp of ${name} gives input ${i} ${formatShape(input.shape)} a gradient of shape ${formatShape(gradient.shape)}`,
    );
  }
  return to(sumTo(gradient, input.shape), input.dtype);
}

/** The gradient to start from: 1 for a scalar, else one of the output's shape that the caller gives. */
function seedFor(where: string, output: Tensor, gradient: TensorLike | undefined): Tensor {
  if (!(output instanceof Tensor)) throw new ValueError(where, `output must be a tensor, got ${String(output)}`);
  if (!output.requiresGrad) {
    throw new AutogradError(
      where,
      "nothing to differentiate: the output depends on no tensor with requiresGrad, was computed inside noGrad or by a compiled function (call backward() inside it), or comes through an operation without a gradient",
    );
  }
  if (gradient === undefined) {
    if (output.size === 1) return onesLike(output);
    throw new AutogradError(
      where,
      `an output of shape ${formatShape(output.shape)} needs a gradient of that shape; reduce it to a scalar with sum() or mean(), or pass one`,
    );
  }
  const seed = to(asTensor(gradient, undefined, where, "gradient"), output.dtype);
  if (!sameShape(seed.shape, output.shape)) {
    throw new ShapeError(
      where,
      `the gradient has shape ${formatShape(seed.shape)}, the output ${formatShape(output.shape)}`,
    );
  }
  return seed;
}

export interface BackwardOptions {
  /** Keep the graph for another backward. Default: as `createGraph`. */
  retainGraph?: boolean;
  /** Record the computation of the gradients, so that they can be differentiated in turn. Default false. */
  createGraph?: boolean;
}

/**
 * Adds the gradient of `output` to `.grad` of every leaf it depends on that requires one, then releases the graph.
 *
 * `gradient` is the gradient of something with respect to `output`; 1 when `output` has one element.
 * Throws AutogradError when there is no graph, when it was released, or when an input has been assigned to since.
 */
export function backward(output: Tensor, gradient?: TensorLike, options: BackwardOptions = {}): void {
  const { createGraph, retainGraph } = resolve("backward", options, {
    createGraph: false,
    retainGraph: options?.createGraph ?? false,
  });
  const seed = seedFor("backward", output, gradient);
  const records = reachable("backward", [output]);
  recordingAs(createGraph, () => {
    const { gradients, visited } = propagate(
      "backward",
      records,
      output,
      seed,
      () => true,
      () => false,
    );
    // Two leaves may be handed one array (both sides of an addition are); each gets its own, as `grad` can be assigned
    // to.
    const taken = new Set([seed.storage]);
    for (const [leaf, g] of gradients) {
      if (leaf.record !== null) continue;
      if (leaf.grad !== null) leaf.grad = add(leaf.grad, g);
      else leaf.grad = taken.has(g.storage) ? cast(g, { dtype: g.dtype }) : g;
      taken.add(leaf.grad.storage);
    }
    if (!retainGraph) release(visited);
  });
}

export interface GradOptions extends BackwardOptions {
  /** The gradient with respect to `output` to start from; 1 when it has one element. */
  gradOutput?: TensorLike;
  /** Give zeros for an input that the output does not depend on, instead of throwing. Default false. */
  allowUnused?: boolean;
}

/**
 * The gradients of `output` with respect to `inputs`, one for each, leaving every `.grad` alone.
 * Releases the graph unless `retainGraph` or `createGraph`.
 */
export function grad(output: Tensor, inputs: Tensor | readonly Tensor[], options: GradOptions = {}): Tensor[] {
  const { gradOutput, createGraph, retainGraph, allowUnused } = resolve("grad", options, {
    gradOutput: undefined as TensorLike | undefined,
    createGraph: false,
    retainGraph: options?.createGraph ?? false,
    allowUnused: false,
  });
  const targets: readonly Tensor[] = Array.isArray(inputs) ? inputs : [inputs as Tensor];
  for (const target of targets) {
    if (!(target instanceof Tensor)) {
      throw new ValueError(
        "grad",
        `inputs must be the tensors to differentiate with respect to, got ${String(target)}; backward() finds all leaves`,
      );
    }
  }
  const seed = seedFor("grad", output, gradOutput);
  const records = reachable("grad", [output]);
  const onPath = new Set(targets);
  for (let i = records.length - 1; i >= 0; i--) {
    if (records[i].inputs.some((input) => onPath.has(input))) onPath.add(records[i].output);
  }
  const wanted = new Set(targets);
  return recordingAs(createGraph, () => {
    const { gradients, visited } = propagate(
      "grad",
      records,
      output,
      seed,
      (t) => onPath.has(t),
      (t) => wanted.has(t),
    );
    const results = targets.map((target, i) => {
      const g = gradients.get(target);
      if (g === undefined && !allowUnused) {
        throw new AutogradError(
          "grad",
          `the output does not depend on inputs[${i}] ${formatShape(target.shape)}; does it require gradients? { allowUnused: true } gives zeros`,
        );
      }
      return g ?? zerosLike(target);
    });
    if (!retainGraph) release(visited);
    return results;
  });
}
