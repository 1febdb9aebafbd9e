import type { Module } from "./assembler.ts";
import { f32, i32, v128 } from "./instructions.ts";

/**
 * Adds `pad`, which copies planes [planes, height, width] from `from` into larger ones: row y of plane p goes to
 * `to + p toPlane + y toRow` (in bytes). The margins are left as they are.
 */
export function addPad(module: Module) {
  return module.function(
    "pad",
    { to: "i32", toPlane: "i32", toRow: "i32", from: "i32", planes: "i32", height: "i32", width: "i32" },
    (f, { to, toPlane, toRow, from, planes, height, width }) => {
      const rowBytes = f.let(i32.shl(width, 2));
      f.while(planes, () => {
        const row = f.let(to);
        const y = f.let(height);
        f.while(y, () => {
          const target = f.let(row);
          const end = f.let(i32.add(from, rowBytes));
          f.while(i32.leU(i32.add(from, 16), end), () => {
            f.do(v128.store(target, v128.load(from)));
            f.set(target, i32.add(target, 16));
            f.set(from, i32.add(from, 16));
          });
          f.while(i32.ltU(from, end), () => {
            f.do(f32.store(target, f32.load(from)));
            f.set(target, i32.add(target, 4));
            f.set(from, i32.add(from, 4));
          });
          f.set(row, i32.add(row, toRow));
          f.set(y, i32.sub(y, 1));
        });
        f.set(to, i32.add(to, toPlane));
        f.set(planes, i32.sub(planes, 1));
      });
    },
  );
}
