import { embeddings, targets } from "../inputs.ts";

// Rows that belong together: the arguments of most contrastive losses.

/** Two tensors [n, d] by their names. */
export const pairs = <A extends string, B extends string>(first: A, second: B, what: [string, string]) =>
  ({
    [first]: embeddings(["n", "d"], { what: what[0] }),
    [second]: embeddings(["n", "d"], { what: what[1], seed: "second" }),
  }) as Record<A | B, ReturnType<typeof embeddings>>;

/** Two sentences a row, and how alike they are. */
export const gradedPairs = {
  ...pairs("x1", "x2", ["embeddings of first sentences", "embeddings of second sentences"]),
  targets: targets(["n"], { what: "how alike the two are", std: 0.5 }),
};
