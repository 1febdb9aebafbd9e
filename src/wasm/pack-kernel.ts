import {
  type Expression,
  type FunctionBuilder,
  f32x4,
  i32,
  i32x4,
  type Module,
  type Operand,
  v128,
} from "./assembler.ts";

/** 1 when the four offsets at `table` are those of four floats that adjoin. */
export function adjoin(table: Operand<"i32">): Expression<"i32"> {
  const fromFirst = i32x4.sub(v128.load(table), v128.load32Splat(table));
  return i32x4.allTrue(i32x4.eq(fromFirst, i32x4.const(0, 4, 8, 12)));
}

/** The four columns of a 4 x 4 matrix given by its rows. */
function transpose(f: FunctionBuilder, rows: Expression<"v128">[]): Expression<"v128">[] {
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
 * `from + steps[p] + lanes[lane]`, goes to `to + p toStep + 4 lane`. It is the only code that sees how a matrix is laid
 * out, and handles every layout at about the same speed: where lanes adjoin it copies vectors, where steps adjoin it
 * transposes, and where neither does it gathers.
 */
export function addPack(module: Module) {
  return module.function(
    "pack",
    { to: "i32", toStep: "i32", from: "i32", lanes: "i32", steps: "i32", count: "i32" },
    (f, { to, toStep, from, lanes, steps, count }) => {
      const stepsEnd = f.let(i32.add(steps, i32.shl(count, 2)));
      const lane = [0, 1, 2, 3].map((i) => f.let(i32.add(from, i32.load(lanes, 4 * i))));
      const store = (vector: Expression<"v128">) => {
        f.do(v128.store(to, vector));
        f.set(to, i32.add(to, toStep));
      };
      const copyVectors = () =>
        f.while(i32.ltU(steps, stepsEnd), () => {
          store(v128.load(i32.add(lane[0], i32.load(steps))));
          f.set(steps, i32.add(steps, 4));
        });
      const transposeOrGather = () => {
        const step = f.local("i32");
        f.while(i32.ltU(steps, stepsEnd), () => {
          f.set(step, i32.load(steps));
          f.if(
            i32.and(i32.leU(i32.add(steps, 16), stepsEnd), adjoin(steps)),
            () => {
              const rows = lane.map((pointer) => v128.load(i32.add(pointer, step)));
              transpose(f, rows).forEach(store);
              f.set(steps, i32.add(steps, 16));
            },
            () => {
              const [first, ...others] = lane.map((pointer) => i32.add(pointer, step));
              const insert = (vector: Expression<"v128">, address: Expression<"i32">, i: number) =>
                v128.load32Lane(address, vector, i + 1);
              store(others.reduce(insert, v128.load32Splat(first)));
              f.set(steps, i32.add(steps, 4));
            },
          );
        });
      };
      f.if(adjoin(lanes), copyVectors, transposeOrGather);
    },
  );
}
