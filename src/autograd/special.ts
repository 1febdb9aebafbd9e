/** Special functions of one number, in float64. */

/**
 * erfc(x) e^(x^2) / t as a Chebyshev series in 2t - 1, t = 2 / (2 + x), x >= 0: smooth on all of (0, 1].
 * Coefficients computed to 50 digits by interpolation at 60 Chebyshev nodes.
 */
const erfcSeries = [
  1.1540674772329393, 0.3554369212704985, 0.06509515882878653, 0.003671142395836639, -0.0011128447433526325,
  -0.0001607582991537808, 3.278031574173137e-5, 5.442441645505016e-6, -1.5154665553171482e-6, -1.4297608181169865e-7,
  8.234608827419493e-8, -1.2962846852306563e-9, -4.154721631015199e-9, 6.347058278362811e-10, 1.4320822712256225e-10,
  -6.160390105204585e-11, 2.0612138554721698e-12, 3.5714931488477042e-12, -8.586422843251796e-13, -6.14560021379063e-14,
  7.418725748596617e-14, -1.2895042755032325e-14, -2.358726385710632e-15, 1.5729349381685912e-15,
  -2.2782966239546465e-16,
];

/** 1 - erf(x), without cancellation for large x. */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 0) return 2 - erfc(-x);
  if (x < 0.5) return 1 - erf(x);
  if (x > 27.3) return 0; // below the smallest float64
  const t = 2 / (2 + x);
  const u = 4 * t - 2;
  let b = 0;
  let previous = 0;
  for (let j = erfcSeries.length - 1; j > 0; j--) {
    const next = u * b - previous + erfcSeries[j];
    previous = b;
    b = next;
  }
  return t * Math.exp(-x * x) * (0.5 * (u * b + erfcSeries[0]) - previous);
}

/** 2 / sqrt(pi) times the integral of e^(-s^2) from 0 to x. */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (!(magnitude < 0.5)) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  // Near 0 the Taylor series keeps the relative accuracy that 1 - erfc(x) would lose.
  const square = x * x;
  let term = x;
  let sum = x;
  for (let n = 1; n < 14; n++) {
    term *= -square / n;
    sum += term / (2 * n + 1);
  }
  return sum * (2 / Math.sqrt(Math.PI));
}

/** Lanczos's approximation of the gamma function with g = 7 and nine terms (Godfrey's coefficients). */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** (-1)^k (zeta(k) - 1) / k for k = 2, 3, ...: the Taylor series of log gamma at 2 without its linear term. */
const lgammaSeries = [
  0.3224670334241132, -0.0673523010531981, 0.020580808427784546, -0.007385551028673986, 0.0028905103307415234,
  -0.001192753911703261, 0.0005096695247430425, -0.00022315475845357939, 9.945751278180853e-5, -4.492623673813314e-5,
  2.050721277567069e-5, -9.439488275268397e-6, 4.374866789907488e-6, -2.039215753801366e-6, 9.55141213040742e-7,
  -4.492469198764566e-7, 2.1207184805554665e-7, -1.0043224823968099e-7, 4.7698101693639804e-8, -2.2711094608943164e-8,
  1.0838659214896955e-8, -5.183475041970047e-9, 2.4836745438024785e-9, -1.1921401405860912e-9, 5.731367241678862e-10,
];

/** log gamma(2 + z) for |z| <= 1/2, with all its digits around 0. */
function lgammaNear2(z: number): number {
  let sum = 0;
  for (let k = lgammaSeries.length - 1; k >= 0; k--) sum = sum * z + lgammaSeries[k];
  return z * (0.42278433509846713 + z * sum); // 1 - Euler's constant
}

/** log |gamma(x)|; +Infinity at 0, -1, -2, ... */
export function lgamma(x: number): number {
  if (x === Number.POSITIVE_INFINITY || x === Number.NEGATIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (x <= 0 && Number.isInteger(x)) return Number.POSITIVE_INFINITY;
  // gamma(x + 1) = x gamma(x) leads to the zero at 2 from around 1 and from around 0.
  if (x > 0 && x <= 0.5) return lgammaNear2(x) - Math.log1p(x) - Math.log(x);
  if (x < 0.5) return Math.log(Math.PI) - Math.log(Math.abs(sinPi(x))) - lgamma(1 - x);
  if (x < 1.5) return lgammaNear2(x - 1) - Math.log1p(x - 1);
  if (x < 2.5) return lgammaNear2(x - 2);
  const z = x - 1;
  let sum = lanczos[0];
  for (let i = 1; i < lanczos.length; i++) sum += lanczos[i] / (z + i);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** sin(pi x), with the whole turns removed before pi is multiplied in. */
function sinPi(x: number): number {
  return Math.sin(Math.PI * (x - 2 * Math.round(x / 2)));
}

/** B(2k) / (2k)! for k = 1..10, which the asymptotic series of all polygamma functions share. */
const bernoulliOverFactorial = [
  1 / 12,
  -1 / 720,
  1 / 30240,
  -1 / 1209600,
  1 / 47900160,
  -691 / 1307674368000,
  1 / 74724249600,
  -3617 / 10670622842880000,
  43867 / 5109094217170944000,
  -174611 / 802857662698291200000,
];

/**
 * The derivative of order n + 1 of log gamma(x): n = 0 is digamma, n = 1 trigamma.
 * The recurrence lifts x to where the asymptotic series is exact to rounding. At the poles 0, -1, -2, ...: Infinity
 * where both sides go there (odd n), else NaN, but digamma(+-0) is -+Infinity. NaN for n >= 1 below -1000.
 */
export function polygamma(n: number, x: number): number {
  if (Number.isNaN(x) || x === Number.NEGATIVE_INFINITY) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return n === 0 ? x : 0;
  if (x === 0 && n === 0) return Object.is(x, -0) ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  if (x <= 0 && Number.isInteger(x)) return n % 2 === 1 ? Number.POSITIVE_INFINITY : Number.NaN;
  if (x < -1000) {
    if (n > 0) return Number.NaN;
    return polygamma(0, 1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  }
  const sign = n % 2 === 0 ? -1 : 1;
  let factorial = 1; // n!
  for (let i = 2; i <= n; i++) factorial *= i;
  let sum = 0;
  let z = x;
  const large = 12 + 2 * n;
  for (; z < large; z++) sum += sign * factorial * z ** (-n - 1);
  // psi_n(z) ~ (-1)^(n+1) [ (n-1)!/z^n + n!/(2 z^(n+1)) + sum_k B_2k (2k+n-1)! / ((2k)! z^(2k+n)) ], psi_0 ~ log z -
  // ...
  let series = factorial / (2 * z ** (n + 1)) + (n === 0 ? -Math.log(z) : factorial / n / z ** n);
  let rising = factorial * (n + 1); // (2k + n - 1)! for k = 1
  let power = z ** (-n - 2);
  for (let k = 1; k <= bernoulliOverFactorial.length; k++) {
    series += bernoulliOverFactorial[k - 1] * rising * power;
    rising *= (2 * k + n) * (2 * k + n + 1);
    power /= z * z;
  }
  return sum + sign * series;
}
