"""Writes tool_goldens.json: what the tools that others use say about sets that both sides can make.

    python make_tool_goldens.py     # with the versions of tool_requirements.txt

Where torch-fidelity has no float64 path its functions on features are called directly. CMMD is a numpy port of
google-research/cmmd/distance.py, whose own code wants jax.
"""

import json
from pathlib import Path

import numpy as np
import prdc
import torch
from make_goldens import frechet_by_nuclear_norm, rows, uniforms
from pytorch_fid.fid_score import calculate_frechet_distance
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch_fidelity.metric_fid import fid_statistics_to_metric
from torch_fidelity.metric_kid import kernel_mmd
from torch_fidelity.metric_prc import calculate_precision_recall_full

HERE = Path(__file__).parent


def statistics(a):
    return a.mean(0), np.cov(a, rowvar=False)


def cmmd(x, y, sigma=10, scale=1000):
    """google-research/cmmd/distance.py, mmd()"""
    gamma = 1 / (2 * sigma**2)
    x_lengths, y_lengths = np.diag(x @ x.T), np.diag(y @ y.T)
    k_xx = np.mean(np.exp(-gamma * (-2 * x @ x.T + x_lengths[:, None] + x_lengths[None])))
    k_xy = np.mean(np.exp(-gamma * (-2 * x @ y.T + x_lengths[:, None] + y_lengths[None])))
    k_yy = np.mean(np.exp(-gamma * (-2 * y @ y.T + y_lengths[:, None] + y_lengths[None])))
    return float(scale * (k_xx + k_yy - 2 * k_xy))


def of_sets(a, b):
    mu_a, sigma_a = statistics(a)
    mu_b, sigma_b = statistics(b)
    precision, recall = calculate_precision_recall_full(torch.from_numpy(a), torch.from_numpy(b))
    fidelity = fid_statistics_to_metric(
        {"mu": mu_a, "sigma": sigma_a}, {"mu": mu_b, "sigma": sigma_b}, verbose=False
    )["frechet_inception_distance"]
    naeem = prdc.compute_prdc(real_features=b, fake_features=a, nearest_k=5)
    return {
        "pytorch_fid": float(calculate_frechet_distance(mu_a, sigma_a, mu_b, sigma_b)),
        "torch_fidelity_fid": float(fidelity),
        "exact_fid": frechet_by_nuclear_norm(a, b),
        "torch_fidelity_precision": precision,
        "torch_fidelity_recall": recall,
        "density": float(naeem["density"]),
        "coverage": float(naeem["coverage"]),
        "cmmd": cmmd(a, b),
    }


def of_pairs():
    a, b = (np.floor(uniforms(6 * 3 * 16 * 19, seed) * 256).astype(np.uint8).reshape(6, 3, 16, 19) for seed in (41, 42))
    b = (0.7 * a + 0.3 * b).astype(np.uint8)
    ssim = [
        structural_similarity(
            x, y, data_range=255, channel_axis=0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        for x, y in zip(a, b)
    ]
    psnr = [peak_signal_noise_ratio(x, y, data_range=255) for x, y in zip(a, b)]
    return {"ssim": float(np.mean(ssim)), "psnr": float(np.mean(psnr))}


def main():
    torch.set_num_threads(1)
    sets = {
        "small": (rows(60, 8, 1), rows(80, 8, 2, 0.1)),
        "wide": (rows(300, 128, 3), rows(400, 128, 4, 0.05)),
        "deficient": (rows(60, 128, 5), rows(50, 128, 6, 0.05)),
    }
    goldens = {name: of_sets(*pair) for name, pair in sets.items()}
    small, wide = sets["small"], sets["wide"]
    for name, (a, b) in (("small", (small[0], small[1][:60])), ("wide", (wide[0], wide[1][:300]))):  # wants equal counts
        goldens[name]["torch_fidelity_kid_of_equal_counts"] = float(
            kernel_mmd(
                a, b, kid_kernel="poly", kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1
            )
        )
    goldens["pairs"] = of_pairs()
    (HERE / "tool_goldens.json").write_text(json.dumps(goldens, indent=1) + "\n")


if __name__ == "__main__":
    main()
