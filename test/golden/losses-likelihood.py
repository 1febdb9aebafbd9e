"""Reference values and gradients of the likelihoods and scoring rules of regression: writes losses-likelihood.json.

    python3 test/golden/losses-likelihood.py      with torch 2.13, scipy 1.17, scikit-learn

The reference is PyTorch where it has the loss or the density. Where it has not, it is the paper's formula in float64,
written with plain exp, log and loops; each formula is checked here against a second source: SciPy's densities, or the
integral that defines a score.
"""

import math

import numpy
import scipy
import scipy.integrate
import scipy.special
import scipy.stats
import sklearn
import torch
import torch.distributions as D
import torch.nn.functional as F
from sklearn.metrics import mean_tweedie_deviance

from golden import FORMULA, TORCH, Golden, library

SCIPY, SKLEARN = library("scipy"), library("scikit-learn")
g = Golden(__file__, seed=31)
mean = g.input("mean", g.normal(6))
targets = g.input("targets", g.normal(6, std=2))
scale = g.input("scale", g.uniform(6, low=0.3, high=2))
logs = g.input("logs", g.normal(6))
one = g.input("one", torch.tensor([0.7]))
positive = g.input("positive", g.uniform(6, low=0.3, high=4))
amounts = g.input("amounts", g.uniform(6, low=0.2, high=5))
claims = g.input("claims", torch.tensor([0, 0, 1.25, 0.5, 0, 3.75]))
counts = g.input("counts", torch.tensor([0, 1, 2, 5, 3, 12]))
small = g.input("small", torch.tensor([0.01, 0.015, 0.02, 0.5, 3, 40]))
few = g.input("few", torch.tensor([0, 1, 2, 5, 3, 8]))
tiny = g.input("tiny", torch.tensor([0.0, 1e-8, 0.001, 0.3, 1, 2]))
fractions = g.input("fractions", g.uniform(6, low=0.05, high=0.95))


def reduced(terms, reduction="mean"):
    return {"none": lambda: terms, "mean": terms.mean, "sum": terms.sum}[reduction]()


def check(terms, expected):
    """The formula against a second source, at the inputs themselves."""
    numpy.testing.assert_allclose(terms.detach().numpy(), expected, rtol=1e-10, atol=1e-12)


def values(*names):
    return [g.inputs[n].numpy() for n in names]


def everyReduction(loss, args, options, fn, reference, **kwargs):
    for r in ["none", "mean", "sum"]:
        g.case(loss, args, {**options, "reduction": r}, lambda *a: reduced(fn(*a), r), reference, **kwargs)


# Normal distributions
for options in [{}, {"full": True}, {"eps": 0.6, "reduction": "sum"}, {"reduction": "none"}]:
    g.case("gaussianNLL", [mean, targets, scale], options, lambda m, t, v: F.gaussian_nll_loss(m, t, v, **options), TORCH)
g.case("gaussianNLL", [mean, targets, tiny], {}, lambda m, t, v: F.gaussian_nll_loss(m, t, v), TORCH)
g.case("gaussianNLL", [mean, targets, one], {"full": True}, lambda m, t, v: -D.Normal(m, v.sqrt()).log_prob(t).mean(), TORCH)
g.case("gaussianNLL", [mean, targets, logs], {"logVariance": True, "full": True}, lambda m, t, s: -D.Normal(m, (s / 2).exp()).log_prob(t).mean(), TORCH)


def beta_nll(m, t, v, beta):
    return (v.detach() ** beta) * -D.Normal(m, v.sqrt()).log_prob(t)


for beta in [0.5, 0, 1]:
    everyReduction("betaNLL", [mean, targets, scale], {"beta": beta, "full": True}, lambda m, t, v: beta_nll(m, t, v, beta), FORMULA)
g.case("betaNLL", [mean, targets, scale], {}, lambda m, t, v: (v.detach() ** 0.5 * 0.5 * (v.log() + (t - m) ** 2 / v)).mean(), FORMULA)
g.case("betaNLL", [mean, targets, logs], {"logVariance": True, "full": True}, lambda m, t, s: beta_nll(m, t, s.exp(), 0.5).mean(), FORMULA)
g.case("betaNLL", [mean, targets, tiny], {"beta": 0, "eps": 1e-6}, lambda m, t, v: F.gaussian_nll_loss(m, t, v), TORCH)

points, hits = g.input("points", g.normal(4, 3)), g.input("hits", g.normal(4, 3))
factor = g.input("factor", g.normal(4, 3, 3).tril(-1) + torch.diag_embed(g.uniform(4, 3, low=0.4, high=1.5)))
everyReduction("multivariateGaussianNLL", [points, hits, factor], {"full": True}, lambda m, t, L: -D.MultivariateNormal(m, scale_tril=L.tril()).log_prob(t), TORCH)
g.case("multivariateGaussianNLL", [points, hits, factor], {}, lambda m, t, L: -D.MultivariateNormal(m, scale_tril=L.tril()).log_prob(t).mean() - 1.5 * math.log(2 * math.pi), TORCH)


def evidential(m, t, nu, a, b, coefficient):
    omega = 2 * b * (1 + nu)
    nll = 0.5 * torch.log(math.pi / nu) - a * omega.log() + (a + 0.5) * ((t - m) ** 2 * nu + omega).log() + torch.lgamma(a) - torch.lgamma(a + 0.5)
    return nll + coefficient * (t - m).abs() * (2 * nu + a)


check(  # the marginal distribution of a normal-inverse-gamma prior is Student's t
    evidential(*[torch.tensor(v) for v in values(mean, targets, scale, positive, amounts)], 0.0),
    -scipy.stats.t.logpdf(*(lambda m, t, nu, a, b: (t, 2 * a, m, numpy.sqrt(b * (1 + nu) / (nu * a))))(*values(mean, targets, scale, positive, amounts))),
)
for c in [0.01, 0, 1]:
    everyReduction("evidentialRegression", [mean, targets, scale, positive, amounts], {"coefficient": c}, lambda *a: evidential(*a, c), FORMULA)

# Heavy tails
everyReduction("laplaceNLL", [mean, targets, scale], {}, lambda m, t, b: -D.Laplace(m, b).log_prob(t), TORCH)
g.case("laplaceNLL", [mean, targets, logs], {"logScale": True}, lambda m, t, s: -D.Laplace(m, s.exp()).log_prob(t).mean(), TORCH)
everyReduction("studentTNLL", [mean, targets, scale, positive], {}, lambda m, t, s, nu: -D.StudentT(nu, m, s).log_prob(t), TORCH)
large = g.input("large", torch.tensor([1e3, 1e4, 20, 31, 33, 200]))
g.case("studentTNLL", [mean, targets, scale, large], {}, lambda m, t, s, nu: -scipy.stats.t.logpdf(t, nu, m, s).mean(), SCIPY, gradients=False)

# Counts
for options in [{}, {"full": True}, {"reduction": "none"}, {"full": True, "reduction": "sum"}]:
    g.case("poissonNLL", [logs, counts], options, lambda x, t: F.poisson_nll_loss(x, t, **options), TORCH)
for options in [{}, {"full": True, "reduction": "none"}, {"eps": 0.1}]:
    g.case("poissonNLL", [positive, counts], {"logInput": False, **options}, lambda x, t: F.poisson_nll_loss(x, t, log_input=False, **options), TORCH)
g.case("poissonNLL", [tiny, counts], {"logInput": False}, lambda x, t: F.poisson_nll_loss(x, t, log_input=False), TORCH)


def negative_binomial(x, t, a):
    return -D.NegativeBinomial(1 / a, logits=x).log_prob(t)


check(negative_binomial(*[torch.tensor(v) for v in values(logs, counts, positive)]), -scipy.stats.nbinom.logpmf(g.inputs["counts"].numpy(), 1 / g.inputs["positive"].numpy(), 1 / (1 + numpy.exp(g.inputs["logs"].numpy()))))
everyReduction("negativeBinomialNLL", [logs, counts, positive], {"input": "logits"}, negative_binomial, TORCH)
g.case("negativeBinomialNLL", [amounts, counts, positive], {}, lambda m, t, a: negative_binomial((m * a).log(), t, a).mean(), TORCH)
g.case("negativeBinomialNLL", [logs, counts, positive], {"input": "logMean"}, lambda m, t, a: negative_binomial(m + a.log(), t, a).mean(), TORCH)


def rising(m, t, a):
    """With log gamma(t + r) - log gamma(r) as the sum it is: the difference of the two has few digits for small a."""
    r = 1 / a
    logs = torch.stack([sum((r[i] + j).log() for j in range(int(t[i]))) + 0 * r[i] for i in range(len(t))])
    return torch.lgamma(t + 1.0) - logs + r * torch.log1p(m * a) - t * torch.log(m * a / (1 + m * a))


check(rising(*[torch.tensor(v) for v in values(amounts, counts, positive)]), negative_binomial(*(lambda m, t, a: ((m * a).log(), t, a))(*[torch.tensor(v) for v in values(amounts, counts, positive)])))
everyReduction("negativeBinomialNLL", [amounts, counts, small], {}, rising, FORMULA)
eight = g.input("eight", torch.tensor(8.0))
everyReduction("binomialNLL", [logs, few, eight], {"full": True}, lambda x, t, n: -D.Binomial(n, logits=x).log_prob(t), TORCH)
g.case("binomialNLL", [logs, few, eight], {}, lambda x, t, n: ((n - t) * F.softplus(x) + t * F.softplus(-x)).mean(), FORMULA)

# Positive and bounded targets
everyReduction("gammaNLL", [positive, amounts, scale], {}, lambda m, t, k: -D.Gamma(k, k / m).log_prob(t), TORCH)
g.case("gammaNLL", [positive, amounts, large], {}, lambda m, t, k: -D.Gamma(k, k / m).log_prob(t).mean(), TORCH)
everyReduction("exponentialNLL", [logs, amounts], {}, lambda x, t: -D.Exponential(x.exp()).log_prob(t), TORCH)
everyReduction("logNormalNLL", [mean, amounts, scale], {}, lambda m, t, s: -D.LogNormal(m, s).log_prob(t), TORCH)
everyReduction("weibullNLL", [positive, amounts, scale], {}, lambda l, t, k: -D.Weibull(l, k).log_prob(t), TORCH)
everyReduction("betaDistributionNLL", [logs, fractions, amounts], {}, lambda x, t, f: -D.Beta(x.sigmoid() * f, (1 - x.sigmoid()) * f).log_prob(t), TORCH)


def tweedie(m, t, p):
    return -t * m ** (1 - p) / (1 - p) + m ** (2 - p) / (2 - p)


def deviance(m, t, p):
    return 2 * (t ** (2 - p) / ((1 - p) * (2 - p)) + tweedie(m, t, p))


for p in [1.5, 1.2]:
    check(deviance(*[torch.tensor(v) for v in values(positive, claims)], p).mean(), mean_tweedie_deviance(g.inputs["claims"].numpy(), g.inputs["positive"].numpy(), power=p))
    everyReduction("tweedie", [logs, claims], {"power": p}, lambda x, t: tweedie(x.exp(), t, p), FORMULA)
    everyReduction("tweedie", [positive, amounts], {"power": p, "logInput": False}, lambda m, t: tweedie(m, t, p), FORMULA)
    everyReduction("tweedie", [positive, amounts], {"power": p, "logInput": False, "deviance": True}, lambda m, t: deviance(m, t, p), FORMULA)
    g.case("tweedie", [positive, claims], {"power": p, "logInput": False, "deviance": True}, lambda m, t: mean_tweedie_deviance(t, m, power=p), SKLEARN, gradients=False)

# Mixtures
means, variances, logits = g.input("means", g.normal(6, 3)), g.input("variances", g.uniform(6, 3, low=0.3, high=2)), g.input("logits", g.normal(6, 3))


def mixture(m, t, v, x):
    return -D.MixtureSameFamily(D.Categorical(logits=x), D.Normal(m, v.sqrt())).log_prob(t)


everyReduction("gaussianMixtureNLL", [means, targets, variances, logits], {}, mixture, TORCH)
g.case("gaussianMixtureNLL", [means, targets, logits, logits], {"logVariance": True}, lambda m, t, s, x: mixture(m, t, s.exp(), x).mean(), TORCH)
g.case("gaussianMixtureNLL", [means, targets, variances, logits], {"eps": 0.1}, lambda *a: mixture(*a).mean(), TORCH)
everyReduction("mixtureNLL", [means, logits], {}, lambda l, x: -(x.softmax(-1) * (-l).exp()).sum(-1).log(), FORMULA)

# Angles: log I0 by its power series, which converges for every concentration
concentrations = g.input("concentrations", torch.tensor([0.01, 0.5, 2, 8, 37, 45]))


def logI0(k):
    term, total = torch.ones_like(k), torch.ones_like(k)
    for i in range(1, 120):
        term = term * (k / 2) ** 2 / i**2
        total = total + term
    return total.log()


def vonMises(m, t, k):
    return -k * torch.cos(t - m) + math.log(2 * math.pi) + logI0(k)


check(vonMises(*[torch.tensor(v) for v in values(mean, targets, concentrations)]), -scipy.stats.vonmises.logpdf(*(lambda m, t, k: (t, k, m))(*values(mean, targets, concentrations))))
everyReduction("vonMisesNLL", [mean, targets, concentrations], {}, vonMises, FORMULA)
g.case("vonMisesNLL", [mean, targets, large], {}, lambda m, t, k: -scipy.stats.vonmises.logpdf(t, k, m).mean(), SCIPY, gradients=False)

# Scores: the integral of (F(y) - [y >= t])^2


def integral(cdf, t):
    below = scipy.integrate.quad(lambda y: cdf(y) ** 2, -numpy.inf, t, epsabs=1e-13, limit=400)[0]
    return below + scipy.integrate.quad(lambda y: (1 - cdf(y)) ** 2, t, numpy.inf, epsabs=1e-13, limit=400)[0]


def crpsGaussian(m, t, s):
    z, unit = (t - m) / s, D.Normal(0.0, 1.0)
    return s * (z * (2 * unit.cdf(z) - 1) + 2 * unit.log_prob(z).exp() - math.pi**-0.5)


def crpsLogistic(m, t, s):
    z = (t - m) / s
    return s * (z - 2 * torch.sigmoid(z).log() - 1)


def crpsLaplace(m, t, b):
    z = ((t - m) / b).abs()
    return b * (z + torch.exp(-z) - 0.75)


for loss, fn, family in [
    ("crpsGaussian", crpsGaussian, scipy.stats.norm),
    ("crpsLogistic", crpsLogistic, scipy.stats.logistic),
    ("crpsLaplace", crpsLaplace, scipy.stats.laplace),
]:
    m, t, s = values(mean, targets, scale)
    expected = [integral(lambda y: family.cdf(y, m[i], s[i]), t[i]) for i in range(6)]
    numpy.testing.assert_allclose(fn(*[torch.tensor(v) for v in (m, t, s)]), expected, rtol=1e-7)
    everyReduction(loss, [mean, targets, scale], {}, fn, f"{FORMULA}, checked by its integral")

members = g.input("members", g.normal(6, 4))


def crpsEnsemble(x, t, fair):
    m = x.shape[1]
    between = sum((x[:, i] - x[:, j]).abs() for i in range(m) for j in range(m))
    return (x - t[:, None]).abs().mean(1) - between / (2 * m * (m - 1 if fair else m))


samples, vectors = g.input("samples", g.normal(3, 4, 2)), g.input("vectors", g.normal(3, 2))


def energy(x, t, beta, fair):
    m = x.shape[1]
    between = sum(((x[:, i] - x[:, j]) ** 2).sum(1) ** (beta / 2) for i in range(m) for j in range(m) if i != j)
    return ((x - t[:, None]) ** 2).sum(2).pow(beta / 2).mean(1) - between / (2 * m * (m - 1 if fair else m))


for fair in [False, True]:
    everyReduction("crpsEnsemble", [members, targets], {"fair": fair}, lambda x, t: crpsEnsemble(x, t, fair), FORMULA)
    for beta in [1, 0.5, 1.5]:
        everyReduction("energyScore", [samples, vectors], {"beta": beta, "fair": fair}, lambda x, t: energy(x, t, beta, fair), FORMULA)

lower, upper = g.input("lower", g.normal(6) - 1), g.input("upper", g.normal(6) + 1)
for alpha in [0.1, 0.5]:
    everyReduction("intervalScore", [lower, upper, targets], {"alpha": alpha}, lambda l, u, t: u - l + 2 / alpha * (F.relu(l - t) + F.relu(t - u)), FORMULA)

# Survival
times = g.input("times", torch.tensor([2.0, 5, 2, 3, 2, 5]))
apart = g.input("apart", torch.tensor([2.0, 5, 1, 3, 4, 6]))
events = g.input("events", torch.tensor([1, 1, 1, 0, 1, 1]))
censored = g.input("censored", torch.tensor([0, 1, 0, 0, 1, 0]))


def cox(h, t, e, ties):
    """Over the distinct times of events, in the order of the rows among events of one time."""
    terms = [0 * h[0]] * len(h)
    for time in sorted(set(t.tolist())):
        dead = [i for i in range(len(h)) if t[i] == time and e[i] == 1]
        risk = sum(h[j].exp() for j in range(len(h)) if t[j] >= time)
        for l, i in enumerate(dead):
            taken = l / len(dead) * sum(h[j].exp() for j in dead) if ties == "efron" else 0
            terms[i] = (risk - taken).log() - h[i]
    return torch.stack(terms)


for ties in ["efron", "breslow"]:
    for t in [times, apart]:
        for e in [events, censored]:
            for r in ["none", "mean", "sum"]:
                g.case("coxPartialLikelihood", [logs, t, e], {"ties": ties, "reduction": r}, lambda h, t, e: cox(h, t, e, ties).sum() / e.sum() if r == "mean" else reduced(cox(h, t, e, ties), r), FORMULA)

aft = {
    "normal": lambda m, s: scipy.stats.lognorm(s, scale=numpy.exp(m)),
    "logistic": lambda m, s: scipy.stats.fisk(1 / s, scale=numpy.exp(m)),
    "extreme": lambda m, s: scipy.stats.weibull_min(1 / s, scale=numpy.exp(m)),
}
torchAft = {
    "normal": lambda z: (D.Normal(0.0, 1.0).log_prob(z), torch.special.log_ndtr(-z)),
    "logistic": lambda z: (-z - 2 * torch.log(1 + torch.exp(-z)), -torch.log(1 + torch.exp(z))),
    "extreme": lambda z: (z - z.exp(), -z.exp()),
}
far = g.input("far", torch.tensor([0.0, 3, -11, -14, -20, -2]))
for name in aft:

    def negative(m, t, e, s):
        density, survival = torchAft[name]((t.log() - m) / s)
        return -torch.where(e == 1, density - s.log() - t.log(), survival)

    m, t, e, s = values(mean, amounts, censored, scale)
    family = aft[name](m, s)
    check(negative(*[torch.tensor(v) for v in (m, t, e, s)]), -numpy.where(e == 1, family.logpdf(t), family.logsf(t)))
    everyReduction("acceleratedFailureTime", [mean, amounts, censored, scale], {"distribution": name}, negative, f"{FORMULA}, checked by SciPy")
    if name == "normal":
        g.case("acceleratedFailureTime", [far, amounts, censored, one], {"distribution": name}, lambda *a: negative(*a).mean(), TORCH)

hazards = g.input("hazards", g.normal(6, 5, std=2))
intervals = g.input("intervals", torch.tensor([0, 4, 2, 3, 1, 4]))


def hazard(x, b, e):
    h = torch.sigmoid(x)
    terms = []
    for i in range(len(x)):
        survived = sum((1 - h[i, j]).log() for j in range(b[i]))
        terms.append(-survived - (h[i, b[i]] if e[i] == 1 else 1 - h[i, b[i]]).log())
    return torch.stack(terms)


everyReduction("discreteTimeHazard", [hazards, intervals, events], {}, hazard, FORMULA)
everyReduction("discreteTimeHazard", [hazards, intervals, censored], {}, hazard, FORMULA)

g.write()
