"""Coefficients of the polynomials in src/wasm/vector-*.ts, and the constants of their argument reductions.

Prints them in the order of the source files; nothing is written. Made with mpmath 1.3.0.

Each polynomial p has the least maximal weighted error |w(x) (p(x) - g(x))| on its interval (Remez's exchange), where
the weight makes that the relative error of the whole function. The coefficients are rounded to the precision that they
are used in: where x does not change its sign one by one, the lowest first, and those still free are fitted again to make
up for it. The printed error, also in units of 2^-24, includes the rounding.
"""

import struct

from mpmath import asin, atan, atanh, cos, erf, erfc, exp, expm1, log, log1p, lu_solve, matrix, mp, mpf, nstr, pi
from mpmath import sin, sinh, sqrt, tan, tanh

mp.dps = 80


def single(x):
    """x rounded to float32, exactly as an mpf."""
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def double(x):
    return mpf(float(x))


def evaluate(coefficients, x):
    return sum(c * x**k for k, c in enumerate(coefficients))


def remez(g, w, low, high, degree, samples=600):
    """The coefficients of the polynomial that approximates g best. w may be 0 only between the samples."""
    n = degree + 1
    middle, half = (mpf(low) + high) / 2, (mpf(high) - low) / 2
    grid = [middle - half * cos(pi * i / samples) for i in range(samples + 1)]
    values = [(x, g(x), abs(w(x))) for x in grid]
    nodes = [grid[(2 * i + 1) * samples // (2 * n + 2)] for i in range(n + 1)]
    for _ in range(25):
        # p(x) + (-1)^i error / w(x) = g(x) at the nodes.
        system = matrix(n + 1, n + 1)
        right = matrix(n + 1, 1)
        for i, x in enumerate(nodes):
            for j in range(n):
                system[i, j] = x**j
            system[i, n] = (-1) ** i / abs(w(x))
            right[i] = g(x)
        solution = lu_solve(system, right)
        coefficients = [solution[j] for j in range(n)]
        errors = [wx * (evaluate(coefficients, x) - gx) for x, gx, wx in values]
        # The extremum of each stretch of one sign; the n + 1 neighbours with the largest ones.
        extrema = []
        for i, e in enumerate(errors):
            if extrema and (e > 0) == (errors[extrema[-1]] > 0):
                if abs(e) > abs(errors[extrema[-1]]):
                    extrema[-1] = i
            else:
                extrema.append(i)
        while len(extrema) > n + 1:
            extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
        worst = max(abs(e) for e in errors)
        if len(extrema) < n + 1 or worst < abs(solution[n]) * mpf("1.001"):
            break
        nodes = [grid[i] for i in extrema]
    return coefficients


def fit(name, g, w, low, high, degree, rounding=single):
    """Prints the coefficients of 1, x, x^2, ..., and the largest weighted error after rounding them."""
    # Both ends a little outside what the reduction promises, and never a point where g is 0 / 0.
    low, high = mpf(low) * (1 + mpf("1e-4")) + mpf("1e-9"), mpf(high) * (1 + mpf("1e-4"))
    if low < 0:
        coefficients = [rounding(c) for c in remez(g, w, low, high, degree)]
    else:
        coefficients = []
        while len(coefficients) <= degree:
            k = len(coefficients)
            rest = lambda x: (g(x) - evaluate(coefficients, x)) / x**k
            coefficients.append(rounding(remez(rest, lambda x: w(x) * x**k, low, high, degree - k)[0]))
    grid = [low + (high - low) * i / 1001 for i in range(1002)]
    worst = max(abs(w(x) * (evaluate(coefficients, x) - g(x))) for x in grid)
    digits = 9 if rounding is single else 17
    print(f"{name}: error {nstr(worst, 3)} = {nstr(worst * 2**24, 3)} / 2^24")
    print("  [" + ", ".join(nstr(c, digits) for c in coefficients) + "]")


def parts(name, x, bits):
    """x as a sum of numbers: all but the last have so many bits."""
    result = []
    rest = mpf(x)
    for b in bits:
        unit = mpf(2) ** (int(mp.floor(mp.log(abs(rest), 2))) + 1 - b)
        part = mp.floor(rest / unit) * unit
        result.append(part)
        rest -= part
    print(f"{name}: [" + ", ".join(nstr(p, 17) for p in result) + f"], then {nstr(rest, 9)}")


def pieces(name, x, bits, count):
    """The bits of x < 1 in whole numbers of so many bits."""
    result = []
    for _ in range(count):
        x *= 2**bits
        result.append(int(mp.floor(x)))
        x -= result[-1]
    print(f"{name}: {[hex(piece) for piece in result]}")


def odd(name, function, high, degree):
    """(f(x) - x) / x^3 as a polynomial in u = x^2, for |x| <= high."""
    cubed = lambda u: sqrt(u) ** 3
    fit(name, lambda u: (function(sqrt(u)) - sqrt(u)) / cubed(u), lambda u: cubed(u) / function(sqrt(u)), 0, high**2, degree)


def ratio(name, function, high, degree):
    """f(x) / x as a polynomial in u = x^2, for |x| <= high."""
    fit(name, lambda u: function(sqrt(u)) / sqrt(u), lambda u: sqrt(u) / function(sqrt(u)), 0, high**2, degree, double)


if __name__ == "__main__":
    half_ln2 = log(2) / 2
    root_half = sqrt(mpf(0.5))
    narrow = (1 - root_half) / (1 + root_half)

    print("vector-exp.ts")
    parts("ln 2", log(2), [15])
    fit("expSeries", lambda r: (expm1(r) - r) / r**2, lambda r: r**2 / expm1(r), -half_ln2, half_ln2, 4)
    odd("sinhSeries", sinh, 1, 3)

    print("vector-log.ts")
    bend, weight = lambda t: (log1p(t) - t) / t**2, lambda t: t**2 / log1p(t)
    fit("log1pSeries", bend, weight, root_half - 1, 1 / root_half - 1, 8)
    fit("unitLog1pSeries", bend, weight, 0, 1, 8)

    print("vector-sigmoid.ts")
    odd("tanhSeries", tanh, mpf(0.625), 4)

    print("vector-trigonometry.ts")
    parts("halfPi", pi / 2, [16, 16])
    pieces("twoOverPi", 2 / pi, 24, 8)
    odd("sinSeries", sin, pi / 4, 2)
    fit("cosSeries", lambda u: (cos(sqrt(u)) - 1 + u / 2) / u**2, lambda u: u**2 / cos(sqrt(u)), 0, (pi / 4) ** 2, 2)
    odd("tanSeries", tan, pi / 4, 6)

    print("vector-arc.ts")
    odd("asinSeries", asin, mpf(0.5), 4)
    odd("atanSeries", atan, 1, 8)

    print("vector-erf.ts")
    scaled = lambda t: erfc(2 / t - 2) * exp((2 / t - 2) ** 2) / t
    fit("erfSeries", lambda u: erf(sqrt(u)) / sqrt(u) - 1, lambda u: sqrt(u) / erf(sqrt(u)), 0, 1, 6)
    fit("logErfcSeries", lambda x: log(erfc(x)), lambda x: erfc(x) / erf(x), 1, 4, 6)
    fit("erfcSeries", scaled, lambda t: 1 / scaled(t), mpf("0.163"), 1, 10, double)
    fit("expSeries", exp, lambda r: exp(-r), -half_ln2, half_ln2, 6, double)

    print("vector-power.ts")
    ratio("log2Series", lambda s: 2 * atanh(s) / log(2), narrow, 4)
    fit("expSeries", exp, lambda r: exp(-r), -half_ln2, half_ln2, 10, double)
    ratio("logSeries", lambda s: 2 * atanh(s), mpf(1) / 3, 9)
