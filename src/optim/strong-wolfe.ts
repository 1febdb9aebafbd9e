/**
 * A point on the search line: the step length, the function's value and gradient there, and its slope along the line.
 */
export interface LinePoint {
  t: number;
  f: number;
  g: Float64Array;
  slope: number;
}

const sufficientDecrease = 1e-4;
const curvature = 0.9;

/**
 * Finds a step length t with f(t) <= f(0) + 1e-4 t f'(0) and |f'(t)| <= 0.9 |f'(0)| (the strong Wolfe conditions):
 * first a bracket that must contain one, growing by cubic extrapolation, then a zoom into it by cubic interpolation.
 *
 * `extent` is the largest step of one coordinate for t = 1; the zoom ends when the bracket times it is below
 * `tolerance`. Gives the best point found after at most about `mostEvaluations`, and how many were made.
 * Nocedal and Wright 2006, algorithms 3.5 and 3.6, in the form of torch.optim.LBFGS (from minFunc and lswolfe.lua).
 */
export function strongWolfe(
  evaluate: (t: number) => LinePoint,
  start: LinePoint,
  firstStep: number,
  extent: number,
  tolerance: number,
  mostEvaluations: number,
): { point: LinePoint; evaluations: number } {
  const tooHigh = ({ t, f }: LinePoint) => f > start.f + sufficientDecrease * t * start.slope;
  const flatEnough = ({ slope }: LinePoint) => Math.abs(slope) <= -curvature * start.slope;

  let previous = start;
  let point = evaluate(firstStep);
  let evaluations = 1;
  let iterations = 0;
  let bracket: [LinePoint, LinePoint] | null = null;
  while (iterations < mostEvaluations) {
    if (tooHigh(point) || (iterations > 1 && point.f >= previous.f)) {
      bracket = [previous, point];
      break;
    }
    if (flatEnough(point)) return { point, evaluations };
    if (point.slope >= 0) {
      bracket = [previous, point];
      break;
    }
    const next = cubicMinimum(previous, point, point.t + 0.01 * (point.t - previous.t), point.t * 10);
    previous = point;
    point = evaluate(next);
    evaluations++;
    iterations++;
  }
  let [low, high] = bracket ?? [start, point];
  if (low.f > high.f) [low, high] = [high, low];

  let stuckBefore = false;
  while (iterations < mostEvaluations && Math.abs(high.t - low.t) * extent >= tolerance) {
    const [left, right] = low.t < high.t ? [low, high] : [high, low];
    let t = cubicMinimum(left, right, left.t, right.t);
    // A point next to an end gains little; the second time in a row, a step of a tenth of the bracket inwards is taken.
    const margin = 0.1 * (right.t - left.t);
    const stuck = Math.min(right.t - t, t - left.t) < margin;
    if (stuck && (stuckBefore || t >= right.t || t <= left.t)) {
      t = Math.abs(t - right.t) < Math.abs(t - left.t) ? right.t - margin : left.t + margin;
      stuckBefore = false;
    } else stuckBefore = stuck;

    point = evaluate(t);
    evaluations++;
    iterations++;
    if (tooHigh(point) || point.f >= low.f) {
      high = point;
      if (low.f > high.f) [low, high] = [high, low];
    } else {
      if (flatEnough(point)) return { point, evaluations };
      if (point.slope * (high.t - low.t) >= 0) high = low;
      low = point;
    }
  }
  return { point: low, evaluations };
}

/**
 * Where the cubic with these values and slopes at two points is least, kept within the bounds; their middle if nowhere.
 */
function cubicMinimum(a: LinePoint, b: LinePoint, least: number, most: number): number {
  const [x, y] = a.t <= b.t ? [a, b] : [b, a];
  const d1 = x.slope + y.slope - (3 * (x.f - y.f)) / (x.t - y.t);
  const d2 = Math.sqrt(d1 * d1 - x.slope * y.slope);
  const minimum = y.t - (y.t - x.t) * ((y.slope + d2 - d1) / (y.slope - x.slope + 2 * d2));
  // NaN when the cubic has no minimum, and when a value has overflowed.
  return Number.isNaN(minimum) ? (least + most) / 2 : Math.min(Math.max(minimum, least), most);
}
