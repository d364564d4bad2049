"""Writes goldens.json, tiny_extractor.pt and features_only.pt: what numpy and scipy say about sets both sides can make.

    python make_goldens.py        # with the versions of requirements.txt

The sets are not stored: rows(n, d, seed, ...) below and in golden_rows.h make the same numbers from the same integers.
"""

import json
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.stats
import torch

HERE = Path(__file__).parent
MASK = (1 << 64) - 1


def splitmix(state):
    z = (state + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniforms(count, seed):
    return np.array([(splitmix((seed << 32) + i) >> 11) * 2.0**-53 for i in range(count)])


def rows(n, d, seed, shift=0.0):
    """[n, d]: uniform numbers through a fixed mixing matrix, so that columns are correlated; plus a shift."""
    mix = uniforms(d * d, 1000 + d).reshape(d, d) - 0.5
    return (uniforms(n * d, seed).reshape(n, d) - 0.5) @ mix + shift


def frechet(a, b):
    s1, s2 = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    difference = a.mean(0) - b.mean(0)
    root = scipy.linalg.sqrtm(s1 @ s2)
    return float(difference @ difference + np.trace(s1) + np.trace(s2) - 2 * np.trace(np.real(root)))


def frechet_by_nuclear_norm(a, b):
    """The same without a covariance: tr (S1 S2)^(1/2) is the nuclear norm of A B^T; exact for few rows too."""
    ca = (a - a.mean(0)) / np.sqrt(len(a) - 1)
    cb = (b - b.mean(0)) / np.sqrt(len(b) - 1)
    difference = a.mean(0) - b.mean(0)
    root = np.linalg.svd(ca @ cb.T, compute_uv=False).sum()
    return float(difference @ difference + (ca**2).sum() + (cb**2).sum() - 2 * root)


def kid(a, b):
    d, n, m = a.shape[1], len(a), len(b)
    kernel = lambda x, y: (x @ y.T / d + 1) ** 3
    aa, bb, ab = kernel(a, a), kernel(b, b), kernel(a, b)
    return float((aa.sum() - np.trace(aa)) / (n * (n - 1)) + (bb.sum() - np.trace(bb)) / (m * (m - 1)) - 2 * ab.mean())


def inception_score(logits, parts=10):
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    scores = []
    for i in range(parts):
        part = p[i * len(p) // parts : (i + 1) * len(p) // parts]
        scores.append(np.exp((part * (np.log(part) - np.log(part.mean(0)))).sum(1).mean()))
    return {"value": float(np.mean(scores)), "std": float(np.std(scores))}


def distances(a, b):
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(2))


def precision_recall(a, b, k=3):
    radius_a = np.sort(distances(a, a), 1)[:, k]
    radius_b = np.sort(distances(b, b), 1)[:, k]
    between = distances(a, b)
    return {
        "precision": float((between <= radius_b[None]).any(1).mean()),
        "recall": float((between.T <= radius_a[None]).any(1).mean()),
    }


def group_of(sample, groups):
    """splitmix64 of the number of the run of `groups` samples turns the order in which they go to the groups"""
    mask = 2**64 - 1
    bits = (sample // groups + 0x9E3779B97F4A7C15) & mask
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & mask
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & mask
    return (sample + (bits ^ (bits >> 31)) % groups) % groups


def delete_group_jackknife(statistic, number, groups):
    """`statistic(kept)` of a boolean mask of samples; Busing, Meijer and van der Leeden 1999, groups of any size"""
    n = len(number)
    sizes = np.bincount(number, minlength=groups)
    value = statistic(np.ones(n, bool))
    left_out = np.array([statistic(number != g) for g in range(groups)])
    h = n / sizes
    pseudo_values = h * value - (h - 1) * left_out
    corrected = groups * value - ((1 - sizes / n) * left_out).sum()
    return {
        "value": float(value),
        "left_out": left_out.tolist(),
        "sizes": sizes.tolist(),
        "standard_error": float(np.sqrt((((pseudo_values - corrected) ** 2) / (h - 1)).mean())),
        "bias": float(value - corrected),
        "half_width_over_standard_error": float(scipy.stats.t.ppf(0.975, groups - 1)),
    }


def jackknife_fid(a, b, groups):
    number = np.array([group_of(i, groups) for i in range(len(a))])
    return delete_group_jackknife(lambda kept: frechet(a[kept], b), number, groups)


def jackknife_of_uneven_groups(a, b):
    """groups of 3, 6, 9 ... 24 rows"""
    number = np.repeat(np.arange(8), 3 * np.arange(1, 9))
    return delete_group_jackknife(lambda kept: frechet(a[: len(number)][kept], b), number, 8)


class WithLogits(torch.nn.Module):
    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.register_buffer("kernel", torch.randn(6, 1, 3, 3, generator=generator))
        self.register_buffer("classes", torch.randn(6, 4, generator=generator))

    def forward(self, images):
        x = torch.relu(torch.nn.functional.conv2d(images.float() / 255, self.kernel))
        features = x.mean(dim=[2, 3])
        return features, features @ self.classes


class FeaturesOnly(torch.nn.Module):
    def forward(self, images):
        return images.float().mean(dim=[2, 3])


def images(n, size, seed):
    return torch.from_numpy(np.floor(uniforms(n * size * size, seed) * 256).astype(np.uint8)).reshape(n, 1, size, size)


def main():
    small = rows(60, 8, 1), rows(80, 8, 2, 0.1)
    wide = rows(300, 128, 3), rows(400, 128, 4, 0.05)
    deficient = rows(60, 128, 5), rows(50, 128, 6, 0.05)
    logits = rows(103, 10, 7) * 6
    torch.set_num_threads(1)
    extractor = WithLogits()
    features, class_logits = extractor(images(70, 8, 11))
    other, _ = extractor(images(90, 8, 12))
    goldens = {
        "frechet": {
            "small": frechet(*small),
            "wide": frechet(*wide),
            "deficient": frechet(*deficient),
            "one_deficient": frechet(deficient[0], wide[1]),
        },
        "frechet_by_nuclear_norm": {
            "small": frechet_by_nuclear_norm(*small),
            "wide": frechet_by_nuclear_norm(*wide),
            "deficient": frechet_by_nuclear_norm(*deficient),
            "one_deficient": frechet_by_nuclear_norm(deficient[0], wide[1]),
        },
        "covariance_trace_small": float(np.trace(np.cov(small[0], rowvar=False))),
        "kid": {"small": kid(*small), "wide": kid(*wide), "equal_size": kid(small[0], small[1][:60])},
        "inception_score": inception_score(logits),
        "precision_recall": {"small": precision_recall(*small), "wide": precision_recall(*wide)},
        "jackknife": jackknife_fid(rows(203, 8, 8), small[1], 20),
        "jackknife_uneven": jackknife_of_uneven_groups(rows(203, 8, 8), small[1]),
        "extractor": {
            "feature_sum": float(features.double().sum()),
            "logit_sum": float(class_logits.double().sum()),
            "fid": frechet(features.double().numpy(), other.double().numpy()),
            "kid": kid(features.double().numpy(), other.double().numpy()),
            "inception_score": inception_score(class_logits.double().numpy()),
            "precision_recall": precision_recall(features.double().numpy(), other.double().numpy()),
        },
    }
    (HERE / "goldens.json").write_text(json.dumps(goldens, indent=1) + "\n")
    torch.jit.script(extractor).save(str(HERE / "tiny_extractor.pt"))
    torch.jit.script(FeaturesOnly()).save(str(HERE / "features_only.pt"))


if __name__ == "__main__":
    main()
