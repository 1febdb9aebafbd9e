import { isFloat } from "../tensor/dtype.ts";
import { AutogradError, DTypeError, ValueError } from "../tensor/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Some of the parameters, with options of their own. */
export type Group<O> = { parameters: readonly Tensor[] } & Partial<O>;

/** What an optimizer is given: the parameters, or groups of them. */
export type ParametersOrGroups<O> = readonly Tensor[] | readonly Group<O>[];

/** The groups, each parameter checked: a leaf that requires gradients, in one place only. */
export function groupsOf<O>(where: string, given: ParametersOrGroups<O>): Group<O>[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw new ValueError(
      where,
      "parameters must be a list with at least one tensor or group; did the model find none?",
    );
  }
  const list = given as readonly (Tensor | Group<O>)[];
  const odd = list.findIndex((item) => typeof item !== "object" || item === null);
  if (odd >= 0) {
    throw new ValueError(where, `parameters[${odd}] must be a tensor or a group of them, got ${String(list[odd])}`);
  }
  const groups = list.every((item) => item instanceof Tensor)
    ? [{ parameters: list } as unknown as Group<O>]
    : (list as readonly Group<O>[]);
  const seen = new Set<Tensor>();
  groups.forEach(({ parameters }, g) => {
    const name = groups.length > 1 ? `groups[${g}].parameters` : "parameters";
    if (!Array.isArray(parameters) || parameters.length === 0) {
      throw new ValueError(where, `${name} must be a list with at least one tensor`);
    }
    parameters.forEach((parameter: unknown, i) => {
      expectParameter(where, `${name}[${i}]`, parameter);
      if (seen.has(parameter)) throw new ValueError(where, `${name}[${i}] occurs twice; give each parameter once`);
      seen.add(parameter);
    });
  });
  return groups.map((group) => ({ ...group, parameters: [...group.parameters] }));
}

/** Throws unless the value is a float leaf that requires gradients. */
function expectParameter(where: string, name: string, value: unknown): asserts value is Tensor {
  if (!(value instanceof Tensor)) throw new ValueError(where, `${name} must be a tensor, got ${String(value)}`);
  if (!isFloat(value.dtype)) {
    throw new DTypeError(
      where,
      `${name} must be float32 or float64, got ${value.dtype}; whole numbers have no gradient`,
    );
  }
  if (!value.requiresGrad) {
    throw new AutogradError(
      where,
      `${name} ${formatShape(value.shape)} does not require gradients; make it with { requiresGrad: true }`,
    );
  }
  if (value.record !== null) {
    throw new AutogradError(
      where,
      `${name} ${formatShape(value.shape)} is the output of ${value.record.primitive.name}; only leaves can be optimized`,
    );
  }
}
