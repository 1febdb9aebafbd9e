"""Reference values of the metrics: writes metrics.json beside itself.

    python3 test/golden/metrics.py

Everything but the lines marked "formula" is scikit-learn's. Written with scikit-learn 1.9.1, NumPy 2.4.6, SciPy 1.17.1.
"""

import json
import math
import pathlib
import warnings

import numpy as np
import scipy
import sklearn
from scipy.optimize import brentq
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve
from sklearn.neighbors import NearestNeighbors

warnings.simplefilter("ignore")  # what degenerate inputs warn about is what is recorded
random = np.random.default_rng(20240917)


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return value
    if isinstance(value, (int, np.integer)):
        return int(value)
    value = float(value)
    return value if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")


def classification(predictions, labels, classes):
    averages = ["macro", "weighted", "micro"] + (["binary"] if classes == 2 else [])
    score = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}
    return {
        "predictions": predictions,
        "labels": labels,
        "classes": classes,
        "accuracy": sk.accuracy_score(labels, predictions),
        "balancedAccuracy": sk.balanced_accuracy_score(labels, predictions),
        "confusionMatrix": sk.confusion_matrix(labels, predictions, labels=range(classes)),
        **{
            name: {
                **{average: f(labels, predictions, average=average) for average in averages},
                "none": f(labels, predictions, average=None, labels=range(classes)),
                "macroOfAll": f(labels, predictions, average="macro", labels=range(classes)),
                "macroZeroDivision1": f(labels, predictions, average="macro", labels=range(classes), zero_division=1),
            }
            for name, f in score.items()
        },
    }


def multilabel(predictions, labels):
    score = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}
    return {
        "predictions": predictions,
        "labels": labels,
        "accuracy": sk.accuracy_score(labels, predictions),
        **{
            name: {
                average: f(labels, predictions, average=None if average == "none" else average)
                for average in ["macro", "weighted", "micro", "none"]
            }
            for name, f in score.items()
        },
    }


def equal_error_rate(scores, labels):
    """Formula: where the polygon through all ROC points meets fpr = 1 - tpr."""
    fpr, tpr, thresholds = sk.roc_curve(labels, scores, drop_intermediate=False)
    steps = np.arange(len(fpr))
    along = brentq(lambda s: np.interp(s, steps, fpr) - 1 + np.interp(s, steps, tpr), 0, steps[-1], xtol=1e-14)
    thresholds[0] = thresholds[1]
    return {"rate": np.interp(along, steps, fpr), "threshold": np.interp(along, steps, thresholds)}


def binary(scores, labels):
    case = {
        "scores": scores,
        "labels": labels,
        "rocCurve": curve(["falsePositiveRate", "truePositiveRate", "thresholds"], sk.roc_curve(labels, scores)),
        "rocCurveWhole": curve(
            ["falsePositiveRate", "truePositiveRate", "thresholds"],
            sk.roc_curve(labels, scores, drop_intermediate=False),
        ),
        "rocAUC": sk.roc_auc_score(labels, scores),
        "precisionRecallCurve": curve(
            ["precision", "recall", "thresholds"], sk.precision_recall_curve(labels, scores)
        ),
        "averagePrecision": sk.average_precision_score(labels, scores),
    }
    if len(set(labels)) == 2:
        case["detCurve"] = curve(
            ["falsePositiveRate", "falseNegativeRate", "thresholds"], sk.det_curve(labels, scores)
        )
        case["equalErrorRate"] = equal_error_rate(scores, labels)
    return case


def curve(names, arrays):
    return dict(zip(names, arrays))


def bins_formula(confidence, right, bins):
    """Formula: expected calibration error by a loop over bins (low, high]."""
    error = 0.0
    for b in range(bins):
        chosen = (confidence <= (b + 1) / bins) & ((confidence > b / bins) | (b == 0))
        if chosen.any():
            error += chosen.mean() * abs(right[chosen].mean() - confidence[chosen].mean())
    return error


def calibration(probabilities, labels, bins):
    p, y = np.array(probabilities), np.array(labels)
    case = {"probabilities": p, "labels": y, "bins": bins}
    if p.ndim == 1:
        case["logLoss"] = sk.log_loss(y, np.stack([1 - p, p], 1), labels=[0, 1])
        case["brierScore"] = sk.brier_score_loss(y, p, labels=[0, 1])
        accuracy, confidence = calibration_curve(y, p, n_bins=bins)
        case["reliability"] = {"accuracy": accuracy, "confidence": confidence}
        case["calibrationError"] = bins_formula(p, y, bins)
    else:
        case["logLoss"] = sk.log_loss(y, p, labels=range(p.shape[1]))
        accuracy, confidence = calibration_curve(p.argmax(1) == y, p.max(1), n_bins=bins)
        case["reliability"] = {"accuracy": accuracy, "confidence": confidence}
        case["calibrationError"] = bins_formula(p.max(1), p.argmax(1) == y, bins)
    return case


def regression(predictions, targets):
    return {
        "predictions": predictions,
        "targets": targets,
        "meanAbsoluteError": sk.mean_absolute_error(targets, predictions),
        "meanSquaredError": sk.mean_squared_error(targets, predictions),
        "rootMeanSquaredError": sk.root_mean_squared_error(targets, predictions),
        "r2": sk.r2_score(targets, predictions),
    }


def retrieval(embeddings, labels, ks):
    """Recall@K by scikit-learn's exact neighbours, precision by its average precision; queries without partner left out."""
    result = {"embeddings": embeddings, "labels": labels}
    for metric in ["euclidean", "cosine"]:
        near = NearestNeighbors(metric=metric, algorithm="brute").fit(embeddings)
        order = near.kneighbors(return_distance=False, n_neighbors=len(labels) - 1)
        distances = sk.pairwise_distances(embeddings, metric=metric)
        queries = [i for i in range(len(labels)) if (labels == labels[i]).sum() > 1]
        precisions = []
        for i in queries:
            others = np.arange(len(labels)) != i
            precisions.append(sk.average_precision_score(labels[others] == labels[i], -distances[i][others]))
        result[metric] = {
            "recallAtK": [[k, np.mean([(labels[order[i][:k]] == labels[i]).any() for i in queries])] for k in ks],
            "meanAveragePrecision": np.mean(precisions),
        }
    return result


r = lambda values, digits=3: np.round(values, digits)
n = 60
labels3, labels2 = random.integers(0, 3, n), random.integers(0, 2, n)
noisy = lambda labels, classes: np.where(random.random(n) < 0.6, labels, random.integers(0, classes, n))
gaps = np.where(labels3 == 1, 4, labels3)  # the classes 0, 2, 4 of 6
indicators = random.integers(0, 2, (40, 4))
indicators[:, 3] = 0  # a label without positives
scores = r(random.normal(size=n) + labels2, 2)
tied = r(random.normal(size=n) + labels2, 0)
multilabel_scores = r(random.normal(size=(40, 4)) + indicators, 1)
topk = r(random.random((n, 5)), 3)
topk_labels = random.integers(0, 5, n)
softmax = lambda logits: np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
probabilities3 = softmax(random.normal(size=(n, 3)) + 1.5 * np.eye(3)[labels3])
probabilities2 = r(random.beta(1, 1, n), 3)
probabilities2[:4] = [0, 1, 0.5, 0.1]  # edges of bins and certain mistakes
embeddings = r(random.normal(size=(40, 5)) + 1.5 * random.normal(size=(6, 5))[np.arange(40) % 6])
embedding_labels = np.arange(40) % 6
embedding_labels[39] = 9  # a class of its own
targets = r(random.normal(size=(25, 3)))
predicted = r(targets + random.normal(size=(25, 3)) * [0.2, 1, 3])

golden = {
    "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
    "classification": {
        "threeClasses": classification(noisy(labels3, 3), labels3, 3),
        "twoClasses": classification(noisy(labels2, 2), labels2, 2),
        "absentClasses": classification(noisy(gaps, 5), gaps, 6),
        "oneClass": classification(np.zeros(5, int), np.zeros(5, int), 2),
        "noPositivePredicted": classification(np.zeros(6, int), np.array([0, 1, 0, 1, 1, 0]), 2),
    },
    "multilabel": multilabel(np.where(random.random((40, 4)) < 0.7, indicators, 1 - indicators), indicators),
    "topK": {
        "scores": topk,
        "labels": topk_labels,
        "accuracies": [[k, sk.top_k_accuracy_score(topk_labels, topk, k=k, labels=range(5))] for k in [1, 2, 4]],
    },
    "ranking": {
        "distinct": binary(scores, labels2),
        "tied": binary(tied, labels2),
        "constant": binary(np.full(6, 0.5), np.array([0, 1, 1, 0, 1, 1])),
        "perfect": binary(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 0, 1, 1])),
        "reversed": binary(np.array([0.1, 0.2, 0.8, 0.9]), np.array([1, 1, 0, 0])),
        "noPositives": binary(np.array([0.1, 0.7, 0.3]), np.zeros(3, int)),
        "noNegatives": binary(np.array([0.1, 0.7, 0.3]), np.ones(3, int)),
    },
    "meanAveragePrecision": {
        "scores": multilabel_scores,
        "labels": indicators,
        "value": sk.average_precision_score(indicators, multilabel_scores, average="macro"),
    },
    "calibration": {
        "binary": calibration(probabilities2, labels2, 10),
        "binary15": calibration(probabilities2, labels2, 15),
        "multiclass": calibration(probabilities3, labels3, 10),
        "oneClass": calibration([0.1, 0.3, 0.9], [1, 1, 1], 5),
    },
    "regression": {
        "one": regression(predicted[:, 0], targets[:, 0]),
        "three": regression(predicted, targets),
        "constantMissed": regression(np.array([1.0, 2, 3]), np.array([2.0, 2, 2])),
        "constantHit": regression(np.array([2.0, 2, 2]), np.array([2.0, 2, 2])),
        "single": regression(np.array([1.0]), np.array([2.0])),
    },
    "retrieval": retrieval(embeddings, embedding_labels, [1, 2, 5, 10]),
}

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(plain(golden), separators=(",", ":")) + "\n")
