import "../../functional/methods.ts";
import { split, stack } from "../../functional/shapes.ts";
import { asIndices, expectIndices, expectPositiveElements, expectShape } from "../../tensor/checks.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectPositive, integerList, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { infoNCE } from "./info-nce.ts";
import { cosines, fixedRows, viewPair } from "./views.ts";

export interface ProtoNCEOptions {
  /** What the similarities of samples are divided by, > 0. Default 0.1. */
  temperature?: number;
  /** Further samples that are negatives, [m, d], as of a `MemoryBank`. Default null. */
  bank?: TensorLike | null;
  /** How many prototypes each granularity has, in their order. Default null: all are of one. */
  counts?: readonly number[] | null;
  /**
   * What the similarities to each prototype are divided by, [k], > 0: `clusters.concentrations`. Default null:
   * temperature.
   */
  concentrations?: TensorLike | null;
  reduction?: Reduction;
}

/**
 * ProtoNCE (prototypical contrastive learning): InfoNCE of the views + the mean over granularities of
 * -log e^(q_i . c_s / phi_s) / sum_j e^(q_i . c_j / phi_j), s the cluster of sample i.
 *
 * queries, keys: [n, d], row i of one belongs to row i of the other; prototypes: [k, d], the means of clusters, those
 * of all granularities below one another; assignments: int32 [n], or [n, granularities], the cluster of each sample,
 * counted from 0 in each granularity. All are normalised here. Returns [n] with reduction "none". Prototypes are
 * constants.
 * Options: temperature (0.1), bank (null), counts (null), concentrations (null), reduction ("mean").
 * Li, Zhou, Xiong and Hoi 2021, "Prototypical contrastive learning of unsupervised representations", arXiv:2005.04966;
 * its code draws some prototypes as negatives where the paper, and this, take all. Reference values:
 * torch.nn.functional.cross_entropy of the same logits.
 */
export function protoNCE(
  queries: TensorLike,
  keys: TensorLike,
  prototypes: TensorLike,
  assignments: TensorLike,
  options: ProtoNCEOptions = {},
): Tensor {
  const where = "protoNCE";
  const { temperature, bank, counts, concentrations, reduction } = resolve<Required<ProtoNCEOptions>>(where, options, {
    temperature: 0.1,
    bank: null,
    counts: null,
    concentrations: null,
    reduction: "mean",
  });
  expectPositive(where, "temperature", temperature);
  const [q, k] = viewPair(where, { queries, keys }, 1);
  const support = fixedRows(where, { prototypes }, q.shape[1]);
  const negatives = bank === null ? {} : { negatives: fixedRows(where, { bank }, q.shape[1]) };
  const sizes = counts === null ? [support.shape[0]] : integerList(where, "counts", counts);
  if (sizes.reduce((a, b) => a + b, 0) !== support.shape[0])
    throw new ValueError(where, `counts [${sizes}] must add up to the number of prototypes, ${support.shape[0]}`);
  const given = asIndices(where, "assignments", assignments);
  const clusters = given.ndim === 1 ? given.unsqueeze(1) : given;
  expectShape(where, "assignments", clusters, [q.shape[0], sizes.length]);
  const columns = split(clusters, 1, 1);
  for (const [m, column] of columns.entries())
    expectIndices(where, "assignments", column, sizes[m], `granularity ${m} of prototypes`);
  const phi = concentrations === null ? temperature : asTensor(concentrations, q.dtype, where, "concentrations");
  if (typeof phi !== "number") {
    expectShape(where, "concentrations", phi, [support.shape[0]]);
    expectPositiveElements(where, "concentrations", phi);
  }
  const instances = infoNCE(q, k, { temperature, ...negatives, reduction: "none" });
  const logits = cosines(q.normalize(), support).div(phi);
  const terms = split(logits, sizes, 1).map((z, m) => z.logSoftmax(1).gather(1, columns[m]).squeeze(1).neg());
  return reduce(where, instances.add(stack(terms).mean(0)), reduction);
}
