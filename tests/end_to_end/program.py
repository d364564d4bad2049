"""Runs the real binary, and writes tiny models for it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np

import tensor_files

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("DIFFBENCH_BINARY", ROOT / "build/release/bin/diffbench"))
ENVIRONMENT = os.environ | {
    "OMP_NUM_THREADS": "1",
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "OMPI_MCA_plm_rsh_agent": "/bin/true",
}


def command(*arguments: object, ranks: int = 0) -> list[str]:
    assert BINARY.is_file(), f"no binary at {BINARY}: build first"
    return (["mpirun", "-n", str(ranks)] if ranks else []) + [str(BINARY), *map(str, arguments)]


def diffbench(*arguments: object, ranks: int = 0, cwd: Path | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(*arguments, ranks=ranks), env=ENVIRONMENT, cwd=cwd, capture_output=True, text=True, timeout=240
    )


def run_ok(*arguments: object, **options) -> subprocess.CompletedProcess:
    result = diffbench(*arguments, **options)
    assert result.returncode == 0, result.stderr
    return result


NOISE = '[noise]\nschedule = "linear"\n'


def write_uvit(folder: Path, depth: int, seed: int, width: int = 32, image: int = 28, classes: int = 10, null: bool = True) -> Path:
    """A U-ViT with random weights: patch 4, 2 heads, 1 channel."""
    folder.mkdir(parents=True, exist_ok=True)
    no_null = "" if null else "null_label = false\n"
    (folder / "model.toml").write_text(
        f'[backbone]\nkind = "uvit"\nimage_size = {image}\nchannels = 1\npatch_size = 4\nwidth = {width}\n'
        f'depth = {depth}\nheads = 2\nclasses = {classes}\n{no_null}{NOISE}[weights]\nfile = "weights.safetensors"\n'
    )
    random = np.random.default_rng(seed)
    shapes = {"patch_embed.proj.weight": (width, 1, 4, 4), "patch_embed.proj.bias": (width,), "norm.weight": (width,),
              "norm.bias": (width,), "pos_embed": (1, (image // 4) ** 2 + (2 if classes else 1), width),
              "decoder_pred.weight": (16, width), "decoder_pred.bias": (16,), "final_layer.weight": (1, 1, 3, 3),
              "final_layer.bias": (1,)}
    if classes:
        shapes["label_emb.weight"] = (classes + null, width)
    blocks = [f"in_blocks.{i}" for i in range(depth // 2)] + ["mid_block"] + [f"out_blocks.{i}" for i in range(depth // 2)]
    for block in blocks:
        shapes |= {f"{block}.norm1.weight": (width,), f"{block}.norm1.bias": (width,), f"{block}.norm2.weight": (width,),
                   f"{block}.norm2.bias": (width,), f"{block}.attn.qkv.weight": (3 * width, width),
                   f"{block}.attn.proj.weight": (width, width), f"{block}.attn.proj.bias": (width,),
                   f"{block}.mlp.fc1.weight": (4 * width, width), f"{block}.mlp.fc1.bias": (4 * width,),
                   f"{block}.mlp.fc2.weight": (width, 4 * width), f"{block}.mlp.fc2.bias": (width,)}
        if block.startswith("out"):
            shapes |= {f"{block}.skip_linear.weight": (width, 2 * width), f"{block}.skip_linear.bias": (width,)}
    tensor_files.write(
        folder / "weights.safetensors",
        {name: (0.1 * random.standard_normal(shape)).astype(np.float32) for name, shape in shapes.items()},
    )
    return folder
