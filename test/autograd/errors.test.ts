import { describe, expect, it } from "vitest";
import * as tg from "../../src/index.ts";
import { AutogradError, DTypeError, TapegradError, tensor, ValueError } from "../../src/index.ts";

/** Stands for what TypeScript would not let through. */
const wrong = (value: unknown) => value as never;

const x = tensor([1, 2], { requiresGrad: true });
const loss = () => x.square().sum();

type Row = [call: () => unknown, error: new (where: string, message: string) => TapegradError, message: string];

const rows: Row[] = [
  [() => loss().backward(undefined, wrong(null)), ValueError, "backward: options must be an object with createGraph"],
  [() => loss().backward(wrong("a")), DTypeError, "backward: gradient must be numbers or booleans, got a"],
  [
    () => loss().backward(undefined, wrong({ retainGraph: "yes" })),
    ValueError,
    'backward: retainGraph must be one of true, false, got "yes"',
  ],
  [() => tg.grad(loss(), x, wrong(null)), ValueError, "grad: options must be an object with gradOutput"],
  [() => tg.grad(loss(), wrong(undefined)), ValueError, "grad: inputs must be the tensors to differentiate with"],
  [() => tg.grad(loss(), wrong([x, 1])), ValueError, "with respect to, got 1; backward() finds all leaves"],
  [() => tg.grad(wrong(1), x), ValueError, "grad: output must be a tensor, got 1"],
  [() => tg.noGrad(wrong(undefined)), ValueError, "noGrad: fn must be a function, got undefined"],
  [() => tg.detectAnomaly(wrong(5)), ValueError, "detectAnomaly: fn must be a function, got 5"],
  [() => tg.hessian(wrong(5), x), ValueError, "hessian: fn must be a function, got 5"],
  [() => tg.jacobian(wrong(5), x), ValueError, "jacobian: fn must be a function, got 5"],
  [() => tg.vjp(wrong(5), x, x), ValueError, "vjp: fn must be a function, got 5"],
  [() => tg.jvp((t) => t, x, wrong("a")), DTypeError, "jvp: v must be numbers or booleans, got a"],
  [() => tg.hessian(() => wrong(5), x), ValueError, "hessian: fn must return a tensor, got 5"],
  [() => tg.gradcheck(wrong(5), x), ValueError, "gradcheck: fn must be a function, got 5"],
  [() => tg.definePrimitive(wrong(undefined)), ValueError, "definePrimitive: takes { name, shape, kernel, vjp }, got"],
  [() => tg.noGrad(() => wrong(Promise.resolve())), AutogradError, "noGrad: fn must not be async"],
];

describe("errors of the tape", () => {
  it.each(rows.map(([call, error, message]) => ({ call, error, message })))("$message", ({ call, error, message }) => {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
    expect(x.grad).toBeNull();
  });

  it("leaves recording on after a function that was none", () => {
    expect(() => tg.noGrad(wrong(undefined))).toThrow(TapegradError);
    expect(loss().requiresGrad).toBe(true);
  });

  it("does not let a check of whole numbers alone pass for a check", () => {
    const whole = tensor([1, 2], { dtype: "int32" });
    for (const check of [tg.gradcheck, tg.gradgradcheck]) {
      expect(() => check((t) => t.mul(2), whole)).toThrow(
        `${check.name}: inputs must have a float tensor to check, got int32`,
      );
      expect(check((t, i) => t.mul(t).mul(i), [tensor([1, 2]), whole])).toBe(true);
    }
  });
});
