import type { FunctionBuilder, Module } from "./assembler.ts";
import type { Expression, Operand } from "./encoding.ts";
import { f32x4, i32, i32x4, v128 } from "./instructions.ts";

/** 1 when the four offsets at `table` are those of four floats that adjoin. */
export function adjoin(table: Operand<"i32">): Expression<"i32"> {
  const fromFirst = i32x4.sub(v128.load(table), v128.load32Splat(table));
  return i32x4.allTrue(i32x4.eq(fromFirst, i32x4.const(0, 4, 8, 12)));
}

/** The four columns of a 4 x 4 matrix given by its rows. */
export function transpose(f: FunctionBuilder, rows: Expression<"v128">[]): Expression<"v128">[] {
  const [a, b, c, d] = rows.map((row) => f.let(row));
  const ab01 = f.let(f32x4.shuffle(a, b, [0, 4, 1, 5]));
  const ab23 = f.let(f32x4.shuffle(a, b, [2, 6, 3, 7]));
  const cd01 = f.let(f32x4.shuffle(c, d, [0, 4, 1, 5]));
  const cd23 = f.let(f32x4.shuffle(c, d, [2, 6, 3, 7]));
  return [
    f32x4.shuffle(ab01, cd01, [0, 1, 4, 5]),
    f32x4.shuffle(ab01, cd01, [2, 3, 6, 7]),
    f32x4.shuffle(ab23, cd23, [0, 1, 4, 5]),
    f32x4.shuffle(ab23, cd23, [2, 3, 6, 7]),
  ];
}

/**
 * Adds `pack`, which writes a (count x 4) block in the order the tile reads it: element (p, lane), which lies at
 * `from + steps[p] + lanes[lane]`, goes to `to + p panelStep + 4 lane`. It is the only code that sees how a matrix is
 * laid out, and handles every layout at about the same speed: where lanes adjoin it copies vectors, where steps adjoin
 * it transposes, and where neither does it gathers.
 */
export function addPack(module: Module, panelStep: number) {
  return module.function(
    `pack${panelStep}`,
    { to: "i32", from: "i32", lanes: "i32", steps: "i32", count: "i32" },
    (f, { to, from, lanes, steps, count }) => {
      const stepsEnd = f.let(i32.add(steps, i32.shl(count, 2)));
      const lane = [0, 1, 2, 3].map((i) => f.let(i32.add(from, i32.load(lanes, 4 * i))));

      const store = (vector: Expression<"v128">, p: number) => f.do(v128.store(to, vector, p * panelStep));
      const copy = (p: number) => store(v128.load(i32.add(lane[0], i32.load(steps, 4 * p))), p);
      const gather = (p: number) => {
        const step = f.let(i32.load(steps, 4 * p));
        const [first, ...others] = lane.map((pointer) => i32.add(pointer, step));
        const insert = (vector: Expression<"v128">, address: Expression<"i32">, i: number) =>
          v128.load32Lane(address, vector, i + 1);
        store(others.reduce(insert, v128.load32Splat(first)), p);
      };
      const transposeFour = () => {
        const step = f.let(i32.load(steps));
        const rows = lane.map((pointer) => v128.load(i32.add(pointer, step)));
        transpose(f, rows).forEach(store);
      };
      const fourTimes = (one: (p: number) => void) => () => [0, 1, 2, 3].forEach(one);
      const forSteps = (one: (p: number) => void, four: () => void) => {
        const advance = (count: number) => {
          f.set(to, i32.add(to, count * panelStep));
          f.set(steps, i32.add(steps, 4 * count));
        };
        f.while(i32.leU(i32.add(steps, 16), stepsEnd), () => {
          four();
          advance(4);
        });
        f.while(i32.ltU(steps, stepsEnd), () => {
          one(0);
          advance(1);
        });
      };

      const transposeOrGather = () => f.if(adjoin(steps), transposeFour, fourTimes(gather));
      const whenLanesAdjoin = () => forSteps(copy, fourTimes(copy));
      const otherwise = () => forSteps(gather, transposeOrGather);
      f.if(adjoin(lanes), whenLanesAdjoin, otherwise);
    },
  );
}
