import "../../functional/methods.ts";
import {
  expectNonNegativeElements,
  expectNotEmpty,
  expectProbabilities,
  expectShape,
  floatTensor,
} from "../../tensor/checks.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { alongAxis, classAxis, classLabels, classProbabilities, isLabelled } from "../classes.ts";
import { type Reduction, reduce } from "../reduction.ts";

/** The form of Dice that a library computes. */
export type DicePreset = "vnet" | "monai" | "keras" | "smp" | "mmdet" | "detr" | "optax" | "flux";

export interface DiceOptions {
  /** Start from a library's form; the other options go on top. Default "vnet", the paper's. */
  preset?: DicePreset;
  /** Sum p^2 + sum t^2 in the denominator, in place of sum p + sum t. Default true. */
  squared?: boolean;
  /** Added to numerator and denominator. Default 0. */
  smooth?: number;
  /** Added to the numerator alone. Default `smooth`. */
  smoothNumerator?: number;
  /** Added to the denominator alone. Default `smooth`. */
  smoothDenominator?: number;
  /**
   * What one coefficient is taken over: the pixels of each class in a "sample", in the "batch", or "all" there are.
   * Default "sample". A matrix [n, classes] is one flattened mask for each sample, and its "sample" the whole row.
   */
  axis?: "sample" | "batch" | "all";
  /**
   * The loss of a class that neither occurs nor is predicted, when nothing smooths its 0 / 0: "zero" or "one".
   * "mask" gives 0 to every class that does not occur, predicted or not. Default "zero".
   */
  empty?: "zero" | "one" | "mask";
  /** Whether class 0 counts. Default true. */
  includeBackground?: boolean;
  /** A factor for each class, [classes]; the mean still divides by the count. */
  classWeight?: TensorLike | null;
  /** -log of the coefficient, in place of 1 - it; needs smoothing. Default false. */
  log?: boolean;
  /**
   * For targets between 0 and 1: (sum p + sum t - sum |p - t|) / 2 in place of sum p t, which is largest at p = t.
   * Says nothing together with `squared`, whose product is largest there already. Default false.
   */
  softLabel?: boolean;
  /** What makes probabilities of the first argument when it holds logits. Default "none". */
  activation?: "none" | "sigmoid" | "softmax";
  reduction?: Reduction;
}

type Smoothing = "smoothNumerator" | "smoothDenominator";
type Settings = Required<Omit<DiceOptions, Smoothing>> & Pick<DiceOptions, Smoothing>;

const plain: Settings = {
  preset: "vnet",
  squared: true,
  smooth: 0,
  smoothNumerator: undefined,
  smoothDenominator: undefined,
  axis: "sample",
  empty: "zero",
  includeBackground: true,
  classWeight: null,
  log: false,
  softLabel: false,
  activation: "none",
  reduction: "mean",
};

const presets: Record<DicePreset, Partial<Settings>> = {
  vnet: {},
  monai: { squared: false, smooth: 1e-5 },
  keras: { squared: false, smoothDenominator: 1e-7, axis: "all", empty: "one" },
  smp: { squared: false, axis: "batch", empty: "mask" },
  mmdet: { smoothDenominator: 2e-3, empty: "one" },
  detr: { squared: false, smooth: 1 },
  optax: { squared: false, smooth: 2 },
  flux: { smooth: 1, axis: "all" },
};

type Form = Required<Omit<DiceOptions, "preset" | "smooth">>;

/** The options over those of their preset, checked. */
function resolveForm(options: DiceOptions): Form {
  const { preset } = resolve<Settings>("dice", options, plain);
  expectOneOf("dice", "preset", preset, Object.keys(presets) as DicePreset[]);
  const base: Settings = { ...plain, ...presets[preset] };
  if (options.smooth !== undefined) base.smoothDenominator = undefined; // the caller's smooth is for both
  const given = resolve<Settings>("dice", options, base);
  const form: Form = {
    ...given,
    smoothNumerator: given.smoothNumerator ?? given.smooth,
    smoothDenominator: given.smoothDenominator ?? given.smooth,
  };
  expectNonNegative("dice", options.smoothNumerator === undefined ? "smooth" : "smoothNumerator", form.smoothNumerator);
  expectNonNegative("dice", "smoothDenominator", form.smoothDenominator);
  expectOneOf("dice", "axis", form.axis, ["sample", "batch", "all"]);
  expectOneOf("dice", "empty", form.empty, ["zero", "one", "mask"]);
  expectOneOf("dice", "activation", form.activation, ["none", "sigmoid", "softmax"]);
  if (form.log && !(form.smoothNumerator > 0 && form.smoothDenominator > 0)) {
    throw new ValueError("dice", "log needs smooth > 0: the logarithm of a coefficient of 0 is infinite");
  }
  return form;
}

/**
 * Dice loss: 1 - (2 sum p t + smooth) / (sum p^2 + sum t^2 + smooth), over the pixels of each class; without `squared`,
 * sum p + sum t in the denominator.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`); targets of the same shape in [0, 1], or
 * int32 labels [n, ...pixels]. "none" gives [n, classes] for axis "sample", [classes] for "batch", a scalar for "all".
 * Without pixels, [n, classes], axis "sample" pools the row, as is usual of flattened masks, and "none" gives [n].
 * Options: see `DiceOptions`. Presets: "vnet", the paper; "monai" (monai.losses.DiceLoss); "keras" (keras.losses.Dice);
 * "smp" (segmentation_models_pytorch); "mmdet"; "detr" (Hugging Face too); "optax" (whose smooth of 1 is 2 in this form);
 * "flux" (Flux.dice_coeff_loss).
 * Milletari et al. 2016, "V-Net", arXiv:1606.04797. Reference values: the libraries of the presets.
 */
export function dice(probabilities: TensorLike, targets: TensorLike, options: DiceOptions = {}): Tensor {
  const form = resolveForm(options);
  const { smoothNumerator, smoothDenominator, empty, reduction } = form;
  const [p, t] = masks(floatTensor("dice", "probabilities", probabilities), targets, form);
  const pooled = pooledAxes(form.axis, p);
  const over = (m: Tensor) => m.sum([...m.shape.keys()].filter((axis) => axis > 1 || pooled.includes(axis)));
  const total = (m: Tensor) => over(form.squared ? m.square() : m);
  // Of squares the product is already largest at p = t.
  const product = form.squared || !form.softLabel;
  const overlap = product ? over(p.mul(t)).mul(2) : over(p.add(t).sub(p.sub(t).abs()));
  const denominator = total(p).add(total(t)).add(smoothDenominator);
  const nothing = denominator.eq(0);
  const ratio = overlap.add(smoothNumerator).div(denominator.maskedFill(nothing, 1));
  const coefficient = ratio.maskedFill(nothing, empty === "one" ? 0 : 1);
  let loss = form.log ? coefficient.log().neg() : coefficient.neg().add(1);
  if (empty === "mask") loss = loss.maskedFill(over(t).eq(0), 0);
  return reduce("dice", byClass(loss, form, !pooled.includes(1)), reduction);
}

/** The axes beside those of the pixels that one coefficient is taken over. */
const pooledAxes = (axis: Form["axis"], { ndim }: Tensor): readonly number[] =>
  ({ sample: ndim === 2 ? [1] : [], batch: [0], all: [0, 1] })[axis];

/** Probabilities and targets of one shape, the background dropped when it does not count. */
function masks(x: Tensor, targets: TensorLike, { axis, activation, includeBackground }: Form): [Tensor, Tensor] {
  if (x.ndim < { sample: 2, batch: 2, all: 1 }[axis]) {
    throw new ShapeError(
      "dice",
      `probabilities must be [n, classes, ...pixels] for axis "${axis}", got ${formatShape(x.shape)}; reshape them, or pool everything with axis "all"`,
    );
  }
  expectNotEmpty("dice", "probabilities", x);
  const p =
    activation === "none"
      ? x
      : activation === "sigmoid"
        ? x.sigmoid()
        : x.softmax(classAxis("dice", "probabilities", x));
  if (activation === "none") {
    expectProbabilities("dice", "probabilities", x, 'for logits set activation: "sigmoid" or "softmax"');
  }
  const given = asTensor(targets, x.dtype, "dice", "targets");
  const t =
    given.ndim === x.ndim - 1
      ? isLabelled(x, classLabels("dice", "probabilities", x, targets)).to(x.dtype)
      : classProbabilities("dice", "probabilities", x, given, "targets");
  if (includeBackground) return [p, t];
  if (x.ndim < 2 || x.shape[1] < 2) {
    throw new ShapeError(
      "dice",
      `without the background, class 0, no class of probabilities ${formatShape(x.shape)} is left`,
    );
  }
  return [p.slice([null, { start: 1 }]), t.slice([null, { start: 1 }])];
}

/** The losses [n, classes] or [classes] times the weights of their classes. */
function byClass(loss: Tensor, { classWeight, includeBackground }: Form, separate: boolean): Tensor {
  if (classWeight === null) return loss;
  if (!separate) {
    throw new ValueError(
      "dice",
      'classWeight needs a loss for each class: axis "batch", or "sample" of masks with pixels',
    );
  }
  const w = asTensor(classWeight, loss.dtype);
  const counted = loss.shape[loss.ndim - 1];
  expectShape("dice", "classWeight", w, [includeBackground ? counted : counted + 1]);
  expectNonNegativeElements("dice", "classWeight", w);
  return loss.mul(alongAxis(includeBackground ? w : w.slice([{ start: 1 }]), loss.ndim, loss.ndim - 1));
}
