"""A network of LPIPS' form from the zoo's extractor, for `diffbench calibrate --loss lpips --network`.

    python3 tests/methods/risk_controlled/make_lpips_like.py methods/zoo/fashion_mnist/extractor.pt lpips_like.pt

forward(a, b) of images in [-1, 1]: the activations of the four convolutions, each pixel's channels scaled to length 1, their squared
distance averaged over pixels and layers, and halved: it lies in [0, 1]. It is LPIPS (arXiv 1801.03924) without learned weights of channels, on a network that
knows this data; LPIPS' own networks want larger images. A TorchScript file is a zip of weights and code: the weights are the
extractor's, the code is below.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

LAYERS = (1, 2, 3, 4)
POOLED = (1, 2)  # the extractor pools after these
METHODS = '''
  def unit(self: __torch__.FeatureExtractor, x: Tensor) -> Tensor:
    return torch.div(x, torch.sqrt(torch.add(torch.sum(torch.mul(x, x), [1], True), 1e-10)))
  def apart(self: __torch__.FeatureExtractor, a: Tensor, b: Tensor) -> Tensor:
    d = torch.sub((self).unit(a, ), (self).unit(b, ))
    return torch.mean(torch.sum(torch.mul(d, d), [1], True), [1, 2, 3])
'''


def forward() -> str:
    lines = ["  def forward(self: __torch__.FeatureExtractor, a: Tensor, b: Tensor) -> Tensor:"]
    for layer in LAYERS:
        weights = f"self.conv{layer}, self.scale{layer}, self.shift{layer}"
        for name in "ab":
            before = f"{name}{layer - 1}p" if layer - 1 in POOLED else f"{name}{layer - 1}" if layer > 1 else name
            lines.append(f"    {name}{layer} = (self).stage({before}, {weights}, )")
            if layer in POOLED:
                lines.append(f"    {name}{layer}p = torch.max_pool2d({name}{layer}, [2, 2])")
        lines.append(f"    d{layer} = (self).apart(a{layer}, b{layer}, )")
    total = "d1"
    for layer in LAYERS[1:]:
        total = f"torch.add({total}, d{layer})"
    return "\n".join([*lines, f"    return torch.div({total}, {2 * len(LAYERS)})", ""])


def make(extractor: Path, out: Path) -> None:
    with zipfile.ZipFile(extractor) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for entry in source.infolist():
            if entry.filename.endswith(".debug_pkl"):
                continue  # speaks of lines that are no longer there
            data = source.read(entry)
            if entry.filename.endswith("code/__torch__.py"):
                text = data.decode()
                data = (text[: text.index("  def logits_of")].rstrip() + METHODS + forward()).encode()
            target.writestr(zipfile.ZipInfo(entry.filename), data)  # the same bytes at any time


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
