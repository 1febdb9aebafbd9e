import "../functional/methods.ts";
import { isFloat } from "../tensor/dtype.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { formatShape, sameShape, sizeOf } from "../tensor/shape.ts";
import { asTensor, Tensor, type TensorLike } from "../tensor/tensor.ts";

/**
 * z = (x - mean) / scale for every column, mean and scale being those of the data it was fitted on: the training part,
 * and no other.
 *
 *     const standardizer = new Standardizer().fit(train);
 *     const inputs = standardizer.transform(test);
 *
 * Data is [n, ...features]; statistics are along axis 0, in float64. The scale is the standard deviation over n (not
 * n - 1), and 1 for a column of one value. Semantics of sklearn.preprocessing.StandardScaler.
 */
export class Standardizer {
  #mean: Tensor | null = null;
  #scale: Tensor | null = null;

  /** Mean of each column, float64. */
  get mean(): Tensor {
    return this.#fitted("mean", this.#mean);
  }

  /** Standard deviation of each column, float64; 1 where that is 0. */
  get scale(): Tensor {
    return this.#fitted("scale", this.#scale);
  }

  /** Takes mean and scale from `x` [n, ...features] and returns the standardizer. Throws when there are no rows. */
  fit(x: TensorLike): this {
    const t = asTensor(x, "float64");
    if (t.ndim === 0 || t.size === 0) {
      throw new ShapeError(
        "Standardizer.fit",
        `x must be [n, ...features] with rows, got shape ${formatShape(t.shape)}`,
      );
    }
    const [n, ...features] = t.shape;
    const width = sizeOf(features);
    const mean = new Float64Array(width);
    const scale = new Float64Array(width);
    for (let column = 0; column < width; column++) {
      const first = t.data[column];
      let sum = 0;
      let constant = true;
      for (let i = column; i < t.size; i += width) {
        sum += t.data[i] - first; // shifted by a value of the column: a large offset would swallow small differences
        constant &&= t.data[i] === first;
      }
      const shift = sum / n;
      let squares = 0;
      for (let i = column; i < t.size; i += width) squares += (t.data[i] - first - shift) ** 2;
      mean[column] = first + shift;
      scale[column] = constant ? 1 : Math.sqrt(squares / n);
    }
    this.#mean = new Tensor(mean, features, "float64");
    this.#scale = new Tensor(scale, features, "float64");
    return this;
  }

  /** (x - mean) / scale, in the float dtype of x (float32 for whole numbers). Differentiable. */
  transform(x: TensorLike): Tensor {
    const { t, dtype } = this.#rows("Standardizer.transform", x);
    return t.sub(this.mean).div(this.scale).to(dtype);
  }

  /** z scale + mean: undoes `transform`. */
  inverse(z: TensorLike): Tensor {
    const { t, dtype } = this.#rows("Standardizer.inverse", z);
    return t.mul(this.scale).add(this.mean).to(dtype);
  }

  /** Mean and scale, to be saved beside the model. */
  stateDict(): { mean: Tensor; scale: Tensor } {
    return { mean: this.mean, scale: this.scale };
  }

  /** Takes over what `stateDict` gave, and returns the standardizer. */
  loadStateDict(state: Readonly<Record<string, Tensor>>): this {
    const { mean, scale } = state;
    if (!(mean instanceof Tensor && scale instanceof Tensor && sameShape(mean.shape, scale.shape))) {
      throw new ValueError("Standardizer.loadStateDict", "state must hold mean and scale, tensors of one shape");
    }
    const bad = scale.data.findIndex((v) => !(v > 0));
    if (bad >= 0) {
      throw new ValueError("Standardizer.loadStateDict", `scale[${bad}] is ${scale.data[bad]}, but must be > 0`);
    }
    this.#mean = mean.to("float64");
    this.#scale = scale.to("float64");
    return this;
  }

  #fitted(name: string, value: Tensor | null): Tensor {
    if (value === null) throw new ValueError(`Standardizer.${name}`, "is not known yet; call fit(x) first");
    return value;
  }

  #rows(where: string, x: TensorLike) {
    const t = asTensor(x);
    const features = this.mean.shape;
    if (t.ndim === 0 || !sameShape(t.shape.slice(1), features)) {
      throw new ShapeError(where, `x must be [${["n", ...features].join(", ")}], got shape ${formatShape(t.shape)}`);
    }
    return { t, dtype: isFloat(t.dtype) ? t.dtype : ("float32" as const) };
  }
}

/**
 * The training data and any further data, all standardized by mean and scale of the training data.
 *
 *     const [train, test] = standardize(trainFeatures, testFeatures);
 */
export function standardize(train: TensorLike, ...others: readonly TensorLike[]): Tensor[] {
  const standardizer = new Standardizer().fit(train);
  return [train, ...others].map((x) => standardizer.transform(x));
}
