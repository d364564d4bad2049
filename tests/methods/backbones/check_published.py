#!/usr/bin/env python3
"""Checks methods/backbones/published/: the authors' networks at their real size, on random weights, saved as the authors
save them, loaded and evaluated by diffbench, against the authors' code.

    pip install -r requirements.txt timm==1.0.27 einops==0.8.2
    python check_published.py --authors DIR --binary build/release/bin/diffbench [--only NAME]...

DIR holds checkouts, named U-ViT (github.com/baofff/U-ViT at ce551708dc9cde9818d2af7d84dfadfeb7bd9034), DiT (facebookresearch/DiT at
ed81ce2229091fd4ecc9a223645f95cf379d582b), duodiff (razvanmatisan/duodiff at 767880aeef3a00f52466843bd2504758f5fb47c1), AdaDiff
(Tangshengku/AdaDiff at 240f5b6347005cfac6ee1dd2363f0f0002ccf9f4) and RC-EENN (metodj/RC-EENN at
3db9a52dfbbe8edb5d9b787b6f0712d4e580b9f4). One network is in memory at a time: 6 GB, and a weights file of up to 3 GB in the
temporary folder. Writes published/checked.csv: parameters, and the largest difference of one evaluation over the largest
output, in float32.
"""

from __future__ import annotations

import argparse
import csv
import gc
import importlib
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import safetensors.torch
import torch

PUBLISHED = Path(__file__).resolve().parents[3] / "methods/backbones/published"
HEADER = ["model", "parameters", "largest_difference"]
INDEX, CONTINUOUS = 437.0, 0.437  # where the networks are evaluated


def module_of(checkout: Path, name: str):
    """the authors' module; several of them have a package of one name, so none is kept"""
    sys.path.insert(0, str(checkout))
    try:
        for loaded in [m for m in sys.modules if m.split(".")[0] in ("libs", "models", "networks")]:
            del sys.modules[loaded]
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


def uvit_sizes(toml: dict) -> dict:
    b = toml["backbone"]
    classes = b.get("classes", 0)
    return {"img_size": b["image_size"], "patch_size": b["patch_size"], "in_chans": b["channels"], "embed_dim": b["width"],
            "depth": b["depth"], "num_heads": b["heads"], "mlp_ratio": 4, "qkv_bias": False, "mlp_time_embed": False,
            "num_classes": classes + b.get("null_label", True) if classes else -1}


# each: the authors' network for a model.toml, what their sampling hands it for the time, and how they save it


def text_sizes(toml: dict) -> dict:
    b = toml["backbone"]
    sizes = uvit_sizes(toml)
    del sizes["num_classes"]
    return sizes | {"clip_dim": b["context_width"], "num_clip_token": b["context_tokens"]}


def uvit(authors: Path, toml: dict):
    if "context_tokens" in toml["backbone"]:
        network = module_of(authors / "U-ViT", "libs.uvit_t2i").UViT(**text_sizes(toml))
        return network, lambda x, given: network(x, torch.tensor([INDEX + 1]), given), network.state_dict()
    network = module_of(authors / "U-ViT", "libs.uvit").UViT(**uvit_sizes(toml), conv=toml["backbone"].get("final_conv", True))
    discrete = toml["noise"]["schedule"] == "scaled_linear"  # eval_ldm_discrete.py: t * N; eval.py, eval_ldm.py: 999 t
    told = (INDEX + 1) / 1000 * 1000 if discrete else 999 * CONTINUOUS
    return network, lambda x, y: network(x, torch.tensor([told]), y), network.state_dict()


def dit(authors: Path, toml: dict):
    b = toml["backbone"]
    network = module_of(authors / "DiT", "models").DiT(input_size=b["image_size"], patch_size=b["patch_size"],
                                                       hidden_size=b["width"], depth=b["depth"], num_heads=b["heads"])
    states = network.state_dict()
    saved = states if "XL" in toml["weights"]["file"] else {"ema": states, "args": argparse.Namespace(lr=1e-4)}
    return network, lambda x, y: network(x, torch.tensor([INDEX]), y), saved


def duodiff(authors: Path, toml: dict):
    sizes = uvit_sizes(toml) | {"normalize_timesteps": toml["backbone"]["time_input"] == "unit"}
    sizes["depth"] += 1  # they count the middle block
    network = module_of(authors / "duodiff", "models.uvit").UViT(**sizes)
    saved = {"step": 1, "model_state_dict": network.state_dict(), "args": argparse.Namespace(lr=2e-4), "train_state": {"logs": []}}
    return network, lambda x, y: network(x, torch.tensor([INDEX]), y), saved


def adadiff(authors: Path, toml: dict):
    if "context_tokens" in toml["backbone"]:
        network = module_of(authors / "AdaDiff", "libs.uvit_t2i").UViT(**text_sizes(toml))
        return network, lambda x, given: network(x, torch.tensor([INDEX + 1]), given, thres=2.0)[0], network.state_dict()
    network = module_of(authors / "AdaDiff", "libs.uvit").UViT(**uvit_sizes(toml))
    return network, lambda x, y: network(x, torch.tensor([999 * CONTINUOUS]), y, thres=2.0)[0], network.state_dict()


def rc_eenn(authors: Path, toml: dict):
    network = module_of(authors / "RC-EENN/dee_diff", "networks.ViT").DeeDiff_UViT(**uvit_sizes(toml))
    told = INDEX / toml["noise"].get("train_steps", 1000)
    return network, lambda x, y: network(x, torch.tensor([told]), y)[0], network.state_dict()


AUTHORS = {"uvit": uvit, "dit": dit, "duodiff": duodiff, "adadiff": adadiff, "rc_eenn": rc_eenn}


def randomise(network: torch.nn.Module) -> None:
    """as the authors start, and some noise, for DiT starts with an output of zeros"""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name != "pos_embed":
                parameter.add_(0.02 * torch.randn(parameter.shape, generator=generator))


def check(toml_file: Path, authors: Path, binary: Path) -> dict:
    name = str(toml_file.parent.relative_to(PUBLISHED))
    toml = tomllib.loads(toml_file.read_text())
    network, run, saved = AUTHORS[name.split("_")[0] if not name.startswith("rc") else "rc_eenn"](authors, toml)
    network.eval()
    randomise(network)
    b = toml["backbone"]
    x = torch.randn(1, b["channels"], b["image_size"], b["image_size"], generator=torch.Generator().manual_seed(2))
    given = {}  # beside x and t
    if b.get("classes"):
        given["y"] = torch.tensor([7])
    if "context_tokens" in b:
        given["context"] = torch.randn(1, b["context_tokens"], b["context_width"], generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        expected = run(x, next(iter(given.values()), None))[:, : b["channels"]].clone()
    parameters = sum(p.numel() for p in network.parameters())
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "model.toml").write_text(toml_file.read_text())
        torch.save(saved, folder / toml["weights"]["file"])
        del network, run, saved
        gc.collect()
        t = CONTINUOUS if toml["noise"]["schedule"] == "vp_continuous" else INDEX
        inputs = {"x": x, "t": torch.tensor([t], dtype=torch.float64)} | given
        safetensors.torch.save_file(inputs, folder / "in.safetensors")
        subprocess.run([binary, "eval", "--model", folder, "--input", folder / "in.safetensors", "--out", folder / "out.safetensors",
                        "--device", "cpu"], check=True)
        eps = safetensors.torch.load_file(folder / "out.safetensors")["eps"]
    difference = ((eps - expected).abs().max() / expected.abs().max()).item()
    print(f"{name:28} {parameters / 1e6:7.1f} M  {difference:.1e}", flush=True)
    assert difference < 1e-4, name
    return {"model": name, "parameters": parameters, "largest_difference": f"{difference:.1e}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--authors", type=Path, required=True)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--only", action="append", default=[])
    arguments = parser.parse_args()
    files = sorted(PUBLISHED.rglob("model.toml"), key=lambda file: str(file.parent))
    rows = [check(file, arguments.authors, arguments.binary.resolve()) for file in files
            if not arguments.only or str(file.parent.relative_to(PUBLISHED)) in arguments.only]
    if not arguments.only:
        with (PUBLISHED / "checked.csv").open("w", newline="") as out:
            writer = csv.DictWriter(out, HEADER, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
