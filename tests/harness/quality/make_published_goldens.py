"""Writes published_goldens.json: sFID and CMMD by the formulas of the code that their papers come with.

    python make_published_goldens.py        # with the versions of requirements.txt

sFID is openai/guided-diffusion, evaluations/evaluator.py: the first 7 channels of mixed_6/conv:0, [N, H, W, 7] made flat, mean
and np.cov of them, frechet_distance with its epsilon. CMMD is google-research/cmmd, distance.py: sigma 10, scale 1000, the
biased estimator. Both are written out here as they stand there (CMMD's jnp as np), for neither is a package, and ADM's graph
needs TensorFlow. The sets are those of golden_rows.h.
"""

import json
from pathlib import Path

import numpy as np
import scipy.linalg
from make_goldens import rows

HERE = Path(__file__).parent


def frechet_distance(mu1, sigma1, mu2, sigma2, eps=1e-6):
    """FIDStatistics.frechet_distance of evaluator.py"""
    diff = mu1 - mu2
    covmean = scipy.linalg.sqrtm(sigma1.dot(sigma2))
    if not np.isfinite(covmean).all():
        offset = np.eye(sigma1.shape[0]) * eps
        covmean = scipy.linalg.sqrtm((sigma1 + offset).dot(sigma2 + offset))
    if np.iscomplexobj(covmean):
        assert np.allclose(np.diagonal(covmean).imag, 0, atol=1e-3)
        covmean = covmean.real
    return diff.dot(diff) + np.trace(sigma1) + np.trace(sigma2) - 2 * np.trace(covmean)


def sfid(maps, reference_maps):
    """maps [N, H, W, C]: Evaluator.compute_statistics of `spatial_preds[..., :7]`"""
    sides = [x[..., :7].reshape(len(x), -1) for x in (maps, reference_maps)]
    return frechet_distance(*[f(x) for x in sides for f in (lambda x: np.mean(x, axis=0), lambda x: np.cov(x, rowvar=False))])


def mmd(x, y, sigma=10, scale=1000):
    x_sqnorms, y_sqnorms = np.diag(np.matmul(x, x.T)), np.diag(np.matmul(y, y.T))
    gamma = 1 / (2 * sigma**2)
    k_xx = np.mean(np.exp(-gamma * (-2 * np.matmul(x, x.T) + np.expand_dims(x_sqnorms, 1) + np.expand_dims(x_sqnorms, 0))))
    k_xy = np.mean(np.exp(-gamma * (-2 * np.matmul(x, y.T) + np.expand_dims(x_sqnorms, 1) + np.expand_dims(y_sqnorms, 0))))
    k_yy = np.mean(np.exp(-gamma * (-2 * np.matmul(y, y.T) + np.expand_dims(y_sqnorms, 1) + np.expand_dims(y_sqnorms, 0))))
    return scale * (k_xx + k_yy - 2 * k_xy)


def main():
    maps, reference_maps = rows(300, 36, 31).reshape(300, 2, 2, 9), rows(200, 36, 32, 0.2).reshape(200, 2, 2, 9)
    near, wide = rows(120, 24, 33), 5 * rows(120, 24, 33)
    goldens = {
        "sfid": sfid(maps, reference_maps),
        "cmmd": {"near": mmd(near, rows(90, 24, 34, 0.1)), "wide": mmd(wide, 5 * rows(90, 24, 34, 0.4))},
    }
    (HERE / "published_goldens.json").write_text(json.dumps(goldens, indent=1) + "\n")


if __name__ == "__main__":
    main()
