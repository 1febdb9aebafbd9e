import { ValueError } from "../tensor/errors.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What an item or a batch consists of: a tensor, a list of them, or a record of them. */
export type Sample = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;

/** The tensors of a sample by name; those of a list are named by position, a single one "". */
export function partsOf(sample: Sample): [name: string, t: Tensor][] {
  return sample instanceof Tensor ? [["", sample]] : Object.entries(sample);
}

/** A sample of the same form, each tensor replaced by what `change` makes of it and its name. */
export function mapSample<S extends Sample>(sample: S, change: (t: Tensor, name: string) => Tensor): S {
  if (sample instanceof Tensor) return change(sample, "") as S;
  const changed = partsOf(sample).map(([name, t]) => [name, change(t, name)] as const);
  return (Array.isArray(sample) ? changed.map(([, t]) => t) : Object.fromEntries(changed)) as S;
}

/** Throws unless `sample` is a tensor, or a list or record of at least one tensor. */
export function expectSample(where: string, name: string, sample: unknown): void {
  const isSample =
    sample instanceof Tensor ||
    (typeof sample === "object" &&
      sample !== null &&
      Object.values(sample).length > 0 &&
      Object.values(sample).every((t) => t instanceof Tensor));
  if (!isSample) throw new ValueError(where, `${name} must be a tensor, or a list or record of tensors`);
}
