"""A file of the reference library, in every dtype that is read: writes safetensors-file.safetensors beside itself.

    pip install safetensors
    python3 test/golden/safetensors-file.py

Written with safetensors 0.8.0, torch 2.13.0. The values are repeated in test/io/safetensors.test.ts.
"""

import pathlib

import torch
from safetensors.torch import save_file

tensors = {
    "f64": torch.tensor([[1 / 3, -2.5], [1e300, float("inf")]], dtype=torch.float64),
    "f32": torch.tensor([0.1, -1.5, 3e38], dtype=torch.float32),
    "f16": torch.tensor([1, -0.333251953125, 65504, 6e-8, -float("inf"), float("nan")], dtype=torch.float16),
    "bf16": torch.tensor([1, -0.333984375, 3.3895313892515355e38, -0.0], dtype=torch.bfloat16),
    "i64": torch.tensor([2147483647, -2147483648, 5], dtype=torch.int64),
    "i32": torch.tensor([[7], [-8]], dtype=torch.int32),
    "i16": torch.tensor([-32768, 32767], dtype=torch.int16),
    "i8": torch.tensor([-128, 127], dtype=torch.int8),
    "u8": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(3.0),
    "empty": torch.zeros(0, 4),
    "layers.0.weight": torch.arange(6.0).reshape(2, 3),
}
save_file(tensors, pathlib.Path(__file__).with_suffix(".safetensors"), {"format": "pt", "note": "Grüße"})
