import { markChanged } from "../autograd/primitive.ts";
import { AutogradError, ShapeError, ValueError } from "../tensor/errors.ts";
import { expectNonNegative, resolve } from "../tensor/options.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

export interface CommonOptions {
  /** The learning rate. */
  lr: number;
  /** Climb instead of descend. Default false. */
  maximize: boolean;
}

/** Some of the parameters, with options of their own. */
export type Group<O> = { parameters: readonly Tensor[] } & Partial<O>;

/** What an optimizer is given: the parameters, or groups of them. */
export type ParametersOrGroups<O> = readonly Tensor[] | readonly Group<O>[];

/** The running quantities of one parameter: momenta, a count of steps. */
export type ParameterState = Record<string, Tensor>;

export interface OptimizerState {
  /** For each group its options and the positions of its parameters; all of it fits into JSON. */
  groups: ({ parameters: number[] } & Record<string, unknown>)[];
  /** Copies of the running quantities: "0.expAvg" is that of parameter 0. */
  tensors: Record<string, Tensor>;
}

/**
 * Changes parameters by their gradients. A parameter without a gradient is left alone.
 *
 * A subclass names its defaults and writes one loop over the elements of a parameter (`update`), which computes in
 * float64 and stores in the dtype of the parameter. Values change in place.
 */
export abstract class Optimizer<O extends CommonOptions> {
  /** The parameters with the options that hold for them; schedules change these. */
  readonly groups: readonly (O & { parameters: readonly Tensor[] })[];
  #states = new Map<Tensor, ParameterState>();
  #where: string;
  #check: (where: string, options: O) => void;

  /** `check` throws when an option is outside its domain. */
  constructor(
    where: string,
    parameters: ParametersOrGroups<O>,
    options: Partial<O>,
    defaults: O,
    check: (where: string, options: O) => void,
  ) {
    this.#where = where;
    this.#check = (where, o) => {
      expectNonNegative(where, "lr", o.lr);
      check(where, o);
    };
    const common = resolve<O>(where, options as Partial<NoInfer<O>>, defaults);
    this.#check(where, common);
    this.groups = groupsOf(where, parameters).map(({ parameters, ...own }) => {
      const resolved = resolve<O>(where, own as unknown as Partial<NoInfer<O>>, common);
      this.#check(where, resolved);
      return { ...resolved, parameters };
    });
  }

  /** The running quantities that a parameter starts with. */
  protected abstract initialState(parameter: Tensor, options: O): ParameterState;

  /** Changes one parameter's values by its gradient, once; `first` when its state is new. */
  protected abstract update(
    parameter: Tensor,
    gradient: Tensor,
    state: ParameterState,
    options: O,
    first: boolean,
  ): void;

  /** All parameters, group by group. */
  get parameters(): Tensor[] {
    return this.groups.flatMap(({ parameters }) => parameters);
  }

  /** The learning rate, of the first group when they differ. Setting it sets that of all groups. */
  get lr(): number {
    return this.groups[0].lr;
  }

  set lr(value: number) {
    expectNonNegative(this.#where, "lr", value);
    for (const group of this.groups) group.lr = value;
  }

  /** Forgets the gradients, so that the next `backward()` starts new ones. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.grad = null;
  }

  /** One step along the gradients in `.grad`. Gradients that are not finite go through, as in PyTorch. */
  step(): void {
    for (const parameter of this.parameters) expectGradientFits(this.#where, parameter);
    for (const group of this.groups) {
      for (const parameter of group.parameters) {
        const gradient = parameter.grad;
        if (gradient === null) continue;
        const known = this.#states.get(parameter);
        const state = known ?? this.initialState(parameter, group);
        if (known === undefined) this.#states.set(parameter, state);
        this.update(parameter, group.maximize ? negated(gradient) : gradient, state, group, known === undefined);
        markChanged(parameter);
      }
    }
  }

  /** Options and running quantities, from which training goes on with the same bits. Copies. */
  stateDict(): OptimizerState {
    const order = this.parameters;
    const tensors: Record<string, Tensor> = {};
    order.forEach((parameter, i) => {
      for (const [name, t] of Object.entries(this.#states.get(parameter) ?? {})) tensors[`${i}.${name}`] = copy(t);
    });
    const groups = this.groups.map(({ parameters, ...options }) => ({
      ...structuredClone(options),
      parameters: parameters.map((parameter) => order.indexOf(parameter)),
    }));
    return { groups, tensors };
  }

  /**
   * Takes over options and running quantities of an optimizer of this kind over parameters of the same shapes, in the
   * same groups. Throws a ValueError that lists what does not fit; then nothing has changed.
   */
  loadStateDict({ groups, tensors }: OptimizerState): void {
    const where = `${this.#where}.loadStateDict`;
    const count = (list: readonly { parameters: readonly unknown[] }[]) =>
      list.map((g) => g.parameters.length).join(", ");
    if (count(groups) !== count(this.groups)) {
      throw new ValueError(
        where,
        `the state is of groups of ${count(groups)} parameters, this optimizer has groups of ${count(this.groups)}`,
      );
    }
    const options = groups.map(({ parameters: _, ...saved }, i) => {
      const { parameters: __, ...own } = this.groups[i];
      const resolved = resolve(where, saved as unknown as Partial<O>, own as unknown as O);
      this.#check(where, resolved);
      return resolved;
    });
    const problems: string[] = [];
    const known = new Set<string>();
    const states = new Map<Tensor, ParameterState>();
    let position = 0;
    this.groups.forEach(({ parameters }, g) => {
      for (const parameter of parameters) {
        const prefix = `${position++}.`;
        if (!Object.keys(tensors).some((name) => name.startsWith(prefix))) continue; // had no gradient yet
        const state = this.initialState(parameter, options[g]);
        for (const [name, expected] of Object.entries(state)) {
          const found = tensors[prefix + name];
          known.add(prefix + name);
          if (!(found instanceof Tensor)) problems.push(`missing "${prefix}${name}"`);
          else if (!sameShape(found.shape, expected.shape)) {
            problems.push(
              `"${prefix}${name}" has shape ${formatShape(found.shape)}, expected ${formatShape(expected.shape)}`,
            );
          } else expected.data.set(found.data);
        }
        states.set(parameter, state);
      }
    });
    for (const name of Object.keys(tensors)) if (!known.has(name)) problems.push(`unexpected "${name}"`);
    if (problems.length > 0) throw new ValueError(where, problems.join(", "));
    this.groups.forEach((group, i) => {
      Object.assign(group, structuredClone(options[i]));
    });
    this.#states = states;
  }
}

const copy = (t: Tensor): Tensor => new Tensor(t.data.slice(), t.shape, t.dtype);

const negated = (t: Tensor): Tensor =>
  new Tensor(
    t.data.map((v) => -v),
    t.shape,
    t.dtype,
  );

function expectGradientFits(where: string, { grad, shape }: Tensor): void {
  if (grad !== null && !sameShape(grad.shape, shape)) {
    throw new ShapeError(
      where,
      `a parameter ${formatShape(shape)} has a gradient of shape ${formatShape(grad.shape)}; gradients have the shape of their parameter`,
    );
  }
}

/** The groups, each parameter checked: a leaf that requires gradients, in one place only. */
function groupsOf<O>(where: string, given: ParametersOrGroups<O>): Group<O>[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw new ValueError(
      where,
      "parameters must be a list with at least one tensor or group; did the model find none?",
    );
  }
  const list = given as readonly (Tensor | Group<O>)[];
  const groups = list.every((item) => item instanceof Tensor)
    ? [{ parameters: list } as unknown as Group<O>]
    : (list as readonly Group<O>[]);
  const seen = new Set<Tensor>();
  groups.forEach(({ parameters }, g) => {
    const name = groups.length > 1 ? `groups[${g}].parameters` : "parameters";
    if (!Array.isArray(parameters) || parameters.length === 0) {
      throw new ValueError(where, `${name} must be a list with at least one tensor`);
    }
    parameters.forEach((parameter: unknown, i) => {
      expectParameter(where, `${name}[${i}]`, parameter);
      if (seen.has(parameter)) throw new ValueError(where, `${name}[${i}] occurs twice; give each parameter once`);
      seen.add(parameter);
    });
  });
  return groups.map((group) => ({ ...group, parameters: [...group.parameters] }));
}

/** Throws unless the value is a leaf that requires gradients. */
function expectParameter(where: string, name: string, value: unknown): asserts value is Tensor {
  if (!(value instanceof Tensor)) throw new ValueError(where, `${name} must be a tensor, got ${String(value)}`);
  if (!value.requiresGrad) {
    throw new AutogradError(
      where,
      `${name} ${formatShape(value.shape)} does not require gradients; make it with { requiresGrad: true }`,
    );
  }
  if (value.record !== null) {
    throw new AutogradError(
      where,
      `${name} ${formatShape(value.shape)} is the output of ${value.record.primitive.name}; only leaves can be optimized`,
    );
  }
}
