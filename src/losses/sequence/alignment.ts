import { where as select } from "../../autograd/elementwise.ts";
import { narrow } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import { asIndices, expectRange, expectShape } from "../../tensor/checks.ts";
import { arange } from "../../tensor/creation.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectNumber } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";

// What dynamic programs over sequences of several lengths share. Every sample is moved to the end of the common length,
// so that all finish at the last step and no step needs a mask: a sample enters when its own first step comes.

/**
 * The logarithm of what is impossible. Finite, so that differences of two are no NaN and `detectAnomaly` finds nothing.
 */
export const impossible = -1e30;

/** 0 where the condition holds and `impossible` elsewhere. */
export const logOf = (condition: Tensor, like: Tensor): Tensor => select(condition, 0, impossible).to(like.dtype);

/**
 * The slices along axis 0. By halves, because the gradient of a slice is as large as what it was cut from: log(steps)
 * passes over the whole, not one for each step.
 */
export function steps(x: Tensor): Tensor[] {
  const count = x.shape[0];
  if (count <= 1) return count === 0 ? [] : [x.reshape(x.shape.slice(1))];
  const half = count >> 1;
  return [...steps(narrow(x, 0, { stop: half })), ...steps(narrow(x, 0, { start: half }))];
}

/** Lengths [n], int32 in least..most, checked. */
export function lengths(
  where: string,
  name: string,
  given: TensorLike,
  n: number,
  least: number,
  most: number,
  of: string,
): Tensor {
  const t = asIndices(where, name, given);
  expectShape(where, name, t, [n]);
  expectRange(where, name, t, { low: least, high: most }, `must be in ${least}..${most}, ${of}`);
  return t;
}

/** A class that stands for "no label", from 0 or, negative, from the end. */
export function blankIndex(where: string, blank: number, classes: number): number {
  const holds = (v: number) => Number.isInteger(v) && v >= -classes && v < classes;
  expectNumber(where, "blank", blank, `that is whole, in ${-classes}..${classes - 1}`, holds);
  return blank < 0 ? blank + classes : blank;
}

/** Targets [n, longest] whose padding is replaced by some label; labels are checked to be classes and not the blank. */
export function paddedLabels(
  where: string,
  targets: Tensor,
  targetLengths: Tensor,
  blank: number,
  classes: number,
): Tensor {
  if (classes < 2 && targets.size > 0) throw new ValueError(where, "targets need a class besides the blank");
  const used = arange(targets.shape[1]).unsqueeze(0).lt(targetLengths.unsqueeze(1));
  const labels = select(used, targets, blank === 0 ? 1 : 0).to("int32");
  const below = Array.from({ length: blank }, (_, i) => i);
  const domain =
    blank === classes - 1 ? { low: 0, high: classes - 2 } : { low: blank + 1, high: classes - 1, also: below };
  expectRange(where, "targets", labels, domain, `must be a class, 0..${classes - 1}, other than the blank, ${blank}`);
  return labels;
}
