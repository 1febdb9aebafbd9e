import { noGrad } from "../autograd/primitive.ts";
import "../functional/methods.ts";
import { isFloat, promote } from "../tensor/dtype.ts";
import { ValueError } from "../tensor/errors.ts";
import { expectOneOf, resolve } from "../tensor/options.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { Tensor, tensor } from "../tensor/tensor.ts";
import { expectOutside, observe, tracing } from "../tensor/tracing.ts";
import { summarize } from "./summary.ts";

/** The tensors of a module by name: copies, with PyTorch's keys and shapes. */
export type StateDict = Record<string, Tensor>;

/**
 * A function with parameters: a layer, a model, a loss with weights of its own.
 *
 * What belongs to a module is found in its fields; nothing is registered:
 * - a tensor that requires gradients is a parameter, any other tensor a buffer (running statistics, a frozen weight);
 * - a module is a submodule;
 * - an array or a plain object holds any of these, to any depth; a Map or a Set must not.
 * The name of each is the path of fields that leads to it, in PyTorch's snake case: the field `runningMean` of the
 * second module in the field `blocks` is "blocks.1.running_mean". Private fields (`#cache`) and results of operations
 * are not looked at.
 *
 * `Output` is what `forward` returns, a tensor unless stated; its arguments are whatever the subclass declares.
 *
 * @example
 * class Block extends Module {
 *   norm = new LayerNorm(64);
 *   linear = new Linear(64, 64);
 *   forward(x: Tensor) {
 *     return x.add(this.linear.call(this.norm.call(x)).relu());
 *   }
 * }
 */
export abstract class Module<Output = Tensor> {
  /** Whether layers such as `Dropout` and `BatchNorm2d` behave as in training. `train()` and `eval()` set it. */
  get training(): boolean {
    return observe(() => this.mode);
  }

  set training(training: boolean) {
    expectOutside(
      "Module",
      "train() and eval() inside a compiled function would have their effect while it is traced only; call them outside",
    );
    this.mode = training;
  }

  private mode = true;

  abstract forward(...inputs: unknown[]): Output;

  /** Runs the module; the same as `forward`. */
  call(...inputs: Parameters<this["forward"]>): Output {
    if (typeof this.forward !== "function") {
      throw new ValueError(this.constructor.name, "a module needs a method forward(x)");
    }
    if (tracing.tracer !== null) this.observeFields();
    return this.forward(...inputs);
  }

  /** Has a compiled function traced again when a field has been given another value: a setting, a weight, a layer. */
  private observeFields(): void {
    for (const field of Object.keys(this)) observe(() => (this as Record<string, unknown>)[field]);
  }

  /** The parameters, each once, even when two fields share it. */
  parameters(): Tensor[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** The parameters with their names, those of a module before those of its submodules. */
  namedParameters(): [name: string, parameter: Tensor][] {
    const seen = new Set<Tensor>();
    return this.namedTensors().filter(([, t]) => t.requiresGrad && !seen.has(t) && seen.add(t));
  }

  /** The other tensors of the state: running statistics, frozen weights. */
  namedBuffers(): [name: string, buffer: Tensor][] {
    return this.namedTensors().filter(([, t]) => !t.requiresGrad);
  }

  /** This module (named "") and all modules below it, outer ones first. */
  namedModules(): [name: string, module: Module<unknown>][] {
    const found: [string, Module<unknown>][] = [];
    const visit = (name: string, module: Module<unknown>, above: readonly Module<unknown>[]): void => {
      if (above.includes(module)) {
        throw new ValueError(module.constructor.name, `the module holds itself, as "${name}"; keep such links private`);
      }
      found.push([name, module]);
      for (const [field, value] of module.held()) {
        if (value instanceof Module) visit(join(name, field), value, [...above, module]);
      }
    };
    visit("", this, []);
    return found;
  }

  /** The names and values of this module's fields, with arrays and plain objects opened up. */
  protected held(): [name: string, value: unknown][] {
    const where = this.constructor.name;
    return Object.entries(this).flatMap(([field, value]) => opened(where, snakeCase(field), value));
  }

  /** Parameters and buffers with their names; a tensor that two fields share comes twice. */
  private namedTensors(): [name: string, t: Tensor][] {
    return this.namedModules().flatMap(([path, module]) =>
      module
        .held()
        .filter((entry): entry is [string, Tensor] => isState(entry[1]))
        .map(([name, t]): [string, Tensor] => [join(path, name), t]),
    );
  }

  /** Switches this module and all below it to training (or, with false, to evaluation). Returns the module. */
  train(training = true): this {
    for (const [, module] of this.namedModules()) module.training = training;
    return this;
  }

  /** Switches to evaluation: dropout passes all, batch norm uses its running statistics. Returns the module. */
  eval(): this {
    return this.train(false);
  }

  /** Parameters and buffers by name. Copies: training on does not change a state that was kept. */
  stateDict(): StateDict {
    return Object.fromEntries(
      this.namedTensors().map(([name, t]) => [name, new Tensor(t.data.slice(), t.shape, t.dtype)]),
    );
  }

  /**
   * Overwrites parameters and buffers by those of `state`, and returns the names that found no partner.
   *
   * Throws a ValueError that lists every missing and unexpected name (unless `strict: false`), wrong shape and wrong
   * dtype; then nothing has changed. Floats convert to the dtype of the parameter.
   */
  loadStateDict(
    state: Readonly<StateDict>,
    options: { strict?: boolean } = {},
  ): { missing: string[]; unexpected: string[] } {
    const { strict } = resolve("loadStateDict", options, { strict: true });
    if (typeof state !== "object" || state === null || state instanceof Promise) {
      const seen = state instanceof Promise ? "a Promise; await it" : String(state);
      throw new ValueError("loadStateDict", `state must be an object with tensors by name, got ${seen}`);
    }
    const own = new Map(this.namedTensors());
    const missing = [...own.keys()].filter((name) => !Object.hasOwn(state, name));
    const unexpected = Object.keys(state).filter((name) => !own.has(name));
    const problems = strict
      ? [...missing.map((name) => `missing "${name}"`), ...unexpected.map((name) => `unexpected "${name}"`)]
      : [];
    const pairs = [...own].filter(([name]) => Object.hasOwn(state, name));
    for (const [name, t] of pairs) {
      const value = state[name];
      if (!(value instanceof Tensor)) problems.push(`"${name}" is not a tensor`);
      else if (!sameShape(value.shape, t.shape)) {
        problems.push(`"${name}" has shape ${formatShape(value.shape)}, but the module's is ${formatShape(t.shape)}`);
      } else if (!isFloat(t.dtype) && promote(t.dtype, value.dtype) !== t.dtype) {
        problems.push(`"${name}" is ${value.dtype}, but the module's is ${t.dtype}`);
      }
    }
    if (problems.length > 0) {
      const hint =
        strict && missing.length + unexpected.length > 0 ? "; { strict: false } loads what fits by name" : "";
      throw new ValueError("loadStateDict", `${this.constructor.name} cannot load: ${problems.join(", ")}${hint}`);
    }
    noGrad(() => {
      for (const [name, t] of pairs) t.assign(state[name]);
    });
    return { missing, unexpected };
  }

  /**
   * Converts parameters and float buffers to another float dtype, in place. Each becomes a new tensor, so do this
   * before an optimizer is made. Returns the module.
   */
  to(dtype: "float32" | "float64"): this {
    expectOneOf(`${this.constructor.name}.to`, "dtype", dtype, ["float32", "float64"]);
    const converted = new Map<Tensor, Tensor>(); // keeps shared parameters shared
    const convertIn = (holder: object): void => {
      for (const [field, value] of Object.entries(holder)) {
        if (isCollection(value)) convertIn(value);
        if (!isState(value) || !isFloat(value.dtype)) continue;
        const t = converted.get(value) ?? tensor(value, { dtype, requiresGrad: value.requiresGrad });
        converted.set(value, t);
        Reflect.set(holder, field, t);
      }
    };
    for (const [, module] of this.namedModules()) convertIn(module);
    return this;
  }

  /**
   * A table of the modules with their output shapes and parameter counts, and the totals.
   *
   * `input` is the shape of an input, its batch axis included, or an input itself; without one there are no output
   * shapes. The forward pass runs in evaluation mode, without gradients, and changes nothing.
   */
  summary(input?: Shape | Tensor): string {
    return summarize(this, input);
  }
}

/** Whether a field holds several things: an array or a plain object, not an instance of some class. */
const isCollection = (value: unknown): value is object =>
  Array.isArray(value) ||
  (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype);

type Entry = [name: string, value: unknown];

/** A field under its name; of a collection what it holds, each under the path that leads there. */
function opened(where: string, name: string, value: unknown, above: readonly unknown[] = []): Entry[] {
  const isKeyed = value instanceof Map || value instanceof Set;
  if (!isKeyed && !isCollection(value)) return [[name, value]];
  if (above.includes(value)) {
    throw new ValueError(where, `a collection holds itself, as "${name}"; keep such links private`);
  }
  const entries = Object.entries(isKeyed ? [...value.values()] : value);
  const found = entries.flatMap(([key, inner]) => opened(where, `${name}.${key}`, inner, [...above, value]));
  if (isKeyed && found.some(([, inner]) => inner instanceof Module || isState(inner))) {
    throw new ValueError(
      where,
      `"${name}" is a ${value.constructor.name} with modules or tensors, which have no names in it; use an array or a plain object, or keep it private`,
    );
  }
  return found;
}

/** Whether a value is a tensor of the state, not the result of an operation. */
const isState = (value: unknown): value is Tensor => value instanceof Tensor && value.record === null;

const join = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

const snakeCase = (name: string): string =>
  name.replace(/([a-z0-9])([A-Z])/g, (_, before: string, capital: string) => `${before}_${capital.toLowerCase()}`);
