import { isFloat, promote } from "../tensor/dtype.ts";
import { AutogradError, DTypeError, ShapeError } from "../tensor/errors.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { asTensor, type TapeRecord, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { tracing } from "../tensor/tracing.ts";
import { cast } from "./cast.ts";
import { isRecording, nextId, released } from "./primitive.ts";

/** The id of the first record made after a storage was last changed by `assign`. */
const changedAt = new WeakMap<Storage, number>();

/** Throws when an input has been assigned to after the record used it: its gradient would be of other values. */
export function expectUnchanged(where: string, { id, primitive: { name }, inputs }: TapeRecord): void {
  for (const input of inputs) {
    if ((changedAt.get(input.storage) ?? 0) > id) {
      throw new AutogradError(
        where,
        `an input ${formatShape(input.shape)} of ${name} was assigned to after ${name} ran; run the forward pass again before backward()`,
      );
    }
  }
}

/**
 * Overwrites the values of a leaf in place, which is how parameters change.
 * Throws AutogradError for a tensor that an operation made, and for one that requires gradients outside `noGrad`;
 * ShapeError when the shapes differ. On an error nothing has changed.
 */
export function assign(target: Tensor, values: TensorLike): Tensor {
  const value = asTensor(values, undefined, "assign", "values");
  if (target.record !== null) {
    const maker = target.record === released ? "an operation" : target.record.primitive.name;
    throw new AutogradError("assign", `only a leaf can be assigned to; this tensor is the output of ${maker}`);
  }
  if (target.requiresGrad && isRecording()) {
    throw new AutogradError(
      "assign",
      "a tensor that requires gradients can only be assigned to inside noGrad(() => ...)",
    );
  }
  if (!sameShape(value.shape, target.shape)) {
    throw new ShapeError(
      "assign",
      `a tensor ${formatShape(target.shape)} cannot take values of shape ${formatShape(value.shape)}`,
    );
  }
  if (!isFloat(target.dtype) && promote(target.dtype, value.dtype) !== target.dtype) {
    throw new DTypeError(
      "assign",
      `a ${target.dtype} tensor cannot take ${value.dtype} values; convert them with to("${target.dtype}")`,
    );
  }
  const { tracer } = tracing;
  if (tracer === null) target.data.set(value.data);
  else tracer.assign(target, value.dtype === target.dtype ? value : cast(value, { dtype: target.dtype }));
  markChanged(target.storage);
  return target;
}

/**
 * Notes that a leaf's values, given by their storage, have been overwritten in place, so that a graph that used the old
 * ones says so.
 */
export function markChanged(leaf: Storage): void {
  changedAt.set(leaf, nextId());
}
