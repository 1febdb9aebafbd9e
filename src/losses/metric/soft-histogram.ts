import { stopGradient } from "../../autograd/elementwise.ts";
import { zeros } from "../../tensor/creation.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * A histogram of each row with triangular bins about the nodes low, low + step, ..., low + bins step: a value between
 * two nodes counts for both, by how near it is. values: [n, m] in that range; weights: [n, m]. Returns [n, bins + 1].
 *
 * The gradient is that of the weights, +-1 / step; at a node that of the bin above. Ustinova and Lempitsky 2016, eq. 2.
 */
export function softHistogram(
  values: Tensor,
  weights: readonly Tensor[],
  { low, step, bins }: { low: number; step: number; bins: number },
): Tensor[] {
  const at = values.sub(low).div(step);
  const below = stopGradient(at)
    .floor()
    .clamp(0, bins - 1);
  const node = below.to("int32");
  const share = at.sub(below); // of the node above
  const empty = zeros([values.shape[0], bins + 1], { dtype: values.dtype });
  return weights.map((w) =>
    empty.scatterAdd(1, node, w.mul(share.neg().add(1))).scatterAdd(1, node.add(1), w.mul(share)),
  );
}
