import { f64, i32 } from "../../wasm/instructions.ts";
import type { Kernel } from "../kernel.ts";
import type { Epilogue, Product } from "./matmul-plan.ts";

/** The product in float64 by its definition: such programs are for checking. */
export function float64Matmul(product: Product, epilogue?: Epilogue): Kernel {
  const { batch, m, n, k, transposeA, transposeB } = product;
  const [aRow, aStep] = transposeA ? [8, 8 * m] : [8 * k, 8];
  const [bStep, bColumn] = transposeB ? [8, 8 * k] : [8 * n, 8];
  return {
    stages: [
      {
        parts: batch,
        emit: (module, f, part, at) => {
          const c = f.let(i32.add(i32.mul(part, 8 * m * n), at.output));
          const row = f.let(i32.add(i32.mul(part, 8 * m * k), at.inputs[0]));
          const b = f.let(i32.add(i32.mul(part, 8 * k * n), at.inputs[1]));
          const cEnd = f.let(i32.add(c, 8 * m * n));
          f.while(i32.ltU(c, cEnd), () => {
            const rowEnd = f.let(i32.add(c, 8 * n));
            const column = f.let(b);
            f.while(i32.ltU(c, rowEnd), () => {
              const sum = f.let(f64.const(0));
              const x = f.let(row);
              const y = f.let(column);
              const yEnd = f.let(i32.add(column, k * bStep));
              f.while(i32.ltU(y, yEnd), () => {
                f.set(sum, f64.add(sum, f64.mul(f64.load(x), f64.load(y))));
                f.set(x, i32.add(x, aStep));
                f.set(y, i32.add(y, bStep));
              });
              f.do(f64.store(c, sum));
              f.set(c, i32.add(c, 8));
              f.set(column, i32.add(column, bColumn));
            });
            f.set(row, i32.add(row, aRow));
          });
          if (epilogue) {
            const first = f.let(i32.mul(part, m));
            epilogue(module, f, first, f.let(i32.add(first, m)), at);
          }
        },
      },
    ],
    operations: 2 * batch * m * n * k,
  };
}
