import { between, type Growing, replace, sameList, sizesOf } from "./growing.ts";

/** Records of the longest epilogue: it runs on few rows at a time, and its start must not outweigh them. */
const mostInEpilogue = 40;

/** Kernels that can go on with their output row by row, and its axes. */
const takesEpilogue = new Map([
  ["matmul", 2],
  ["conv2d", 4],
]);

/** Lets matrix products and convolutions take in the loops that go on with their outputs, element by element. */
export function absorbEpilogues(groups: Growing[]): void {
  for (const group of groups.filter(({ kind }) => kind === "single")) {
    const [{ primitive, output }] = group.records;
    const { ndim, shape } = output;
    if (takesEpilogue.get(primitive.name) !== ndim || shape[0] === 1) continue;
    const loops = groups.find(
      (other) =>
        other.kind === "loops" &&
        other.reduced === null &&
        other.domain.length > 1 &&
        other.records.length <= mostInEpilogue &&
        sameList(other.domain, sizesOf(shape)) &&
        other.records.some(({ inputs }) => inputs.includes(output)) &&
        !between(group, other),
    );
    if (loops === undefined) continue;
    group.epilogue = loops;
    group.records = [...group.records, ...loops.records];
    for (const input of loops.inputs) if (input !== group) group.inputs.add(input);
    replace(groups, loops, group);
  }
}
