"""Writes the data sets of this folder from the copies bundled with scikit-learn (no download).

    python3 examples/data/make_data.py

Written with scikit-learn 1.9.1 and NumPy 2.4.6. Running it again gives the same bytes.
"""

import gzip
import io
import struct
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

folder = Path(__file__).parent


def number(value):
    """The shortest decimal that reads back as the same float64; whole numbers without a point."""
    return str(int(value)) if value == int(value) else repr(float(value))


def write_csv(name, columns, rows):
    lines = [",".join(columns), *(",".join(row) for row in rows)]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")


def write_idx(name, array):
    """MNIST's format: 0, 0, type (8: uint8), number of axes, big-endian sizes, then the values row by row."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as file:
        file.write(header + array.astype(np.uint8).tobytes())
    (folder / name).write_bytes(buffer.getvalue())


cancer = load_breast_cancer()
write_csv(
    "breast-cancer.csv",
    [*cancer.feature_names, "diagnosis"],
    ([*map(number, row), cancer.target_names[label]] for row, label in zip(cancer.data, cancer.target)),
)

digits = load_digits()
write_idx("digits-images-idx3-ubyte.gz", digits.images)
write_idx("digits-labels-idx1-ubyte.gz", digits.target)

diabetes = load_diabetes(scaled=False)
write_csv(
    "diabetes.csv",
    [*diabetes.feature_names, "progression"],
    ([*map(number, row), number(target)] for row, target in zip(diabetes.data, diabetes.target)),
)
