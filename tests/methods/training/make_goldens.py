#!/usr/bin/env python3
"""Writes goldens/variational_bound.safetensors: what DiT's own diffusion code gives for learned variances.

    pip install -r requirements.txt && python make_goldens.py --dit DIR

DIR: a checkout of github.com/facebookresearch/DiT at ed81ce2229091fd4ecc9a223645f95cf379d582b. Holds x0 (bytes in [-1, 1], both ends
among them), x at t, the network's eps and v, t, and bits = `vb` of training_losses, for the linear schedule of 1000.
"""

import argparse
import pathlib
import sys

import safetensors.torch
import torch

HERE = pathlib.Path(__file__).parent

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--dit", type=pathlib.Path, required=True)
sys.path.insert(0, str(parser.parse_args().dit))
from diffusion import create_diffusion  # noqa: E402

generator = torch.Generator().manual_seed(4)
diffusion = create_diffusion("")
t = torch.tensor([0, 0, 1, 2, 40, 500, 998, 999])
x0 = torch.randint(256, (len(t), 2, 4, 4), generator=generator) / 127.5 - 1
x0[:, :, 0, 0], x0[:, :, 0, 1] = -1.0, 1.0
noise = torch.randn(x0.shape, generator=generator)
eps = noise + 0.3 * torch.randn(x0.shape, generator=generator)
v = torch.randn(x0.shape, generator=generator)
x = diffusion.q_sample(x0, t, noise=noise)
bits = diffusion.training_losses(lambda *_: torch.cat([eps, v], 1), x0, t, noise=noise)["vb"]
(HERE / "goldens").mkdir(exist_ok=True)
safetensors.torch.save_file({"x0": x0, "x": x, "eps": eps, "v": v, "t": t.double(), "bits": bits.contiguous()},
                            HERE / "goldens/variational_bound.safetensors")
print(bits)
