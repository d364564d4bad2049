#!/usr/bin/env python3
"""Writes goldens/<case>/{model.toml, weights.*, io.safetensors} for every option that [backbone] has for U-ViT and DiT.

    pip install -r requirements.txt && python make_goldens.py

io.safetensors holds x [3,C,H,W], t [3] (index units, one fractional), y [3] int64 (conditional cases only), context
[3,tokens,width] (text only), eps = the network's output, eps_exit_<K> = the head after K blocks, and eps_fp64 = the same network computed in float64 throughout
(eps_fp64_exit_<K> for DiT). With DiT's learned sigma all of them are [3,2C,H,W]: eps, then v.
Every parameter is random, norms, biases and position embedding included, so nothing can be left out unnoticed;
dit_fixed_positions has no pos_embed in its file, so that the network must make the table itself.
The three rows hold t = 0, 499.25 and 999; in conditional cases the last row has the null label, or the last class
where there is none.
"""

import argparse
import dataclasses
import functools
import pathlib
import shutil

import safetensors.torch
import torch

import reference_dit
import reference_uvit

GOLDENS = pathlib.Path(__file__).parent / "goldens"
BASE = reference_uvit.UViTConfig(image_size=8, channels=1, patch_size=2, width=16, depth=4, heads=2)
DIT_BASE = reference_dit.DiTConfig(
    image_size=8, channels=2, patch_size=2, width=8, depth=3, heads=2, classes=10, learned_sigma=True)

# case -> (what differs from BASE, weights file, its dtype)
CASES = {
    "base": ({}, "weights.safetensors", torch.float32),
    "classes": ({"classes": 10}, "weights.safetensors", torch.float32),
    "qkv_bias": ({"qkv_bias": True}, "weights.safetensors", torch.float32),
    "mlp_time_embed": ({"mlp_time_embed": True}, "weights.safetensors", torch.float32),
    "no_final_conv": ({"final_conv": False}, "weights.safetensors", torch.float32),
    "channels_3": ({"channels": 3}, "weights.safetensors", torch.float32),
    "patch_4": ({"image_size": 12, "patch_size": 4}, "weights.safetensors", torch.float32),
    "mlp_ratio_2": ({"mlp_ratio": 2.0}, "weights.safetensors", torch.float32),
    "mlp_ratio_fraction": ({"mlp_ratio": 2.7}, "weights.safetensors", torch.float32),  # the hidden width is cut to 43
    "time_unit": ({"time_input": "unit"}, "weights.safetensors", torch.float32),
    "time_uvit_continuous": ({"time_input": "uvit_continuous"}, "weights.safetensors", torch.float32),
    "depth_2": ({"depth": 2}, "weights.safetensors", torch.float32),
    "depth_6_bf16": ({"depth": 6}, "weights.safetensors", torch.bfloat16),
    "width_32_fp16": ({"width": 32, "heads": 4}, "weights.safetensors", torch.float16),
    "odd_head_width": ({"width": 15, "heads": 3}, "weights.safetensors", torch.float32),  # an odd width pads the embedding
    "everything": (
        {"channels": 3, "classes": 10, "qkv_bias": True, "mlp_time_embed": True, "mlp_ratio": 2.0,
         "final_conv": False, "time_input": "uvit_continuous"},
        "weights.safetensors", torch.float32),
    "pth": ({"classes": 10, "qkv_bias": True}, "weights.pth", torch.float16),
}
LATER_CASES = {  # after DiT's, whose seeds count them
    "time_index_plus_one": ({"time_input": "index_plus_one"}, "weights.safetensors", torch.float32),
    "no_null_label": ({"classes": 10, "null_label": False}, "weights.safetensors", torch.float32),
    "context": ({"context_tokens": 3, "context_width": 5}, "weights.safetensors", torch.float32),
}
DIT_CASES = {
    "dit_base": ({}, "weights.safetensors", torch.float32),
    "dit_unconditional": ({"classes": 0}, "weights.safetensors", torch.float32),
    "dit_fixed_sigma": ({"learned_sigma": False}, "weights.safetensors", torch.float32),
    "dit_fixed_positions": ({"width": 12, "heads": 3}, "weights.safetensors", torch.float32),
    "dit_patch_4": ({"image_size": 12, "patch_size": 4, "channels": 1}, "weights.safetensors", torch.float32),
    "dit_time_unit": ({"time_input": "unit"}, "weights.safetensors", torch.float32),
    "dit_everything": (
        {"channels": 3, "classes": 0, "width": 24, "heads": 1, "mlp_ratio": 1.3, "depth": 2, "learned_sigma": False,
         "time_input": "uvit_continuous"},
        "weights.safetensors", torch.bfloat16),
    "dit_pth": ({"depth": 2}, "weights.pth", torch.float16),
}


def is_dit(config):
    return isinstance(config, reference_dit.DiTConfig)


def random_weights(config, generator):
    weights = {}
    for name, shape in (reference_dit if is_dit(config) else reference_uvit).parameter_shapes(config).items():
        value = torch.randn(shape, generator=generator)
        if ".norm" in f".{name}" and name.endswith("weight"):
            value = 1 + 0.3 * value
        elif name.endswith("bias"):
            value = 0.2 * value
        elif name in ("pos_embed", "label_emb.weight", "y_embedder.embedding_table.weight"):
            value = 0.5 * value
        else:
            value = value / value[0].numel() ** 0.5
        weights[name] = value
    return weights


def write_pth(path, weights, strided, generator):
    """As training scripts save it: "ema" beside other weights, an argparse.Namespace, numbers; `strided` is a view."""
    storage = torch.zeros(weights[strided].numel() + 5, dtype=weights[strided].dtype)
    view = storage[5:].view(weights[strided].shape[::-1]).t()
    view.copy_(weights[strided])
    ema = {**weights, strided: view}
    other = {name: torch.randn(value.shape, generator=generator).to(value.dtype) for name, value in weights.items()}
    torch.save({"model": other, "ema": ema, "step": 1234, "loss": 0.25,
                "args": argparse.Namespace(lr=2e-4, name="run", layers=[1, 2])}, path)


def toml_value(value):
    return {bool: lambda v: str(v).lower(), str: lambda v: f'"{v}"'}.get(type(value), repr)(value)


def write_model_toml(path, config, weights_file):
    keys = dataclasses.asdict(config)
    del keys["train_steps"]
    for default in [key for key in ("null_label", "context_tokens", "context_width")
                    if keys.get(key) == getattr(BASE, key)]:
        del keys[default]
    lines = ["[backbone]", 'kind = "dit"' if is_dit(config) else 'kind = "uvit"']
    lines += [f"{name} = {toml_value(value)}" for name, value in keys.items()]
    lines += ["", "[noise]", 'schedule = "linear"', f"train_steps = {config.train_steps}", "beta_start = 0.0001",
              "beta_end = 0.02", "", "[weights]", f'file = "{weights_file}"', "", "[image]", "range = [-1.0, 1.0]"]
    path.write_text("\n".join(lines) + "\n")


def make_case(number, name, config, weights_file, dtype):
    folder = GOLDENS / name
    folder.mkdir(parents=True)
    generator = torch.Generator().manual_seed(1000 + number)
    stored = {key: value.to(dtype) for key, value in random_weights(config, generator).items()}
    if name == "dit_fixed_positions":
        del stored["pos_embed"]
    weights = {key: value.float() for key, value in stored.items()}  # the reference sees what the file holds

    x = torch.randn(3, config.channels, config.image_size, config.image_size, generator=generator)
    t = torch.tensor([0.0, 499.25, 999.0])
    last_label = config.classes if getattr(config, "null_label", True) else config.classes - 1
    y = torch.tensor([3, 0, last_label]) if config.classes else None

    forward = reference_dit.forward if is_dit(config) else reference_uvit.forward
    context = torch.randn(3, config.context_tokens, config.context_width, generator=generator) if name == "context" else None
    if context is not None:
        forward = functools.partial(forward, context=context)
    io = {"x": x, "t": t, "eps": forward(config, weights, x, t, y)}
    io["eps_fp64"] = forward(config, weights, x.double(), t.double(), y)
    half = config.depth // 2
    for exit_after in range(1, config.depth + 1) if is_dit(config) else sorted({1, half + 1, half + 2, 2 * half + 1}):
        io[f"eps_exit_{exit_after}"] = forward(config, weights, x, t, y, exit_after)
        if is_dit(config):
            io[f"eps_fp64_exit_{exit_after}"] = forward(config, weights, x.double(), t.double(), y, exit_after)
    if y is not None:
        io["y"] = y
    if context is not None:
        io["context"] = context
    safetensors.torch.save_file({key: value.contiguous() for key, value in io.items()}, folder / "io.safetensors")
    if weights_file.endswith(".pth"):
        write_pth(folder / weights_file, stored, "blocks.1.attn.qkv.weight" if is_dit(config) else "mid_block.attn.qkv.weight",
                  generator)
    else:
        safetensors.torch.save_file(stored, folder / weights_file)
    write_model_toml(folder / "model.toml", config, weights_file)

    size = sum(file.stat().st_size for file in folder.iterdir())
    error = (io["eps"] - io["eps_fp64"]).abs().max().item()
    print(f"{name:22} {size / 1000:6.1f} kB  eps std {io['eps'].std():.3f}  fp32 against fp64 {error:.1e}")
    # DiT reads 256 sinusoids: in float32 the angle of t = 999 is off by up to 6e-5, and most frequencies are as high
    if size > 150_000 or error > (1e-4 if is_dit(config) else 2e-5) or not 0.05 < io["eps"].std() < 20:
        raise SystemExit(f"{name}: too large, too imprecise or trivial")


def main():
    torch.set_num_threads(1)
    shutil.rmtree(GOLDENS, ignore_errors=True)
    cases = [(BASE, *case) for case in CASES.items()] + [(DIT_BASE, *case) for case in DIT_CASES.items()]
    cases += [(BASE, *case) for case in LATER_CASES.items()]
    for number, (base, name, (changes, weights_file, dtype)) in enumerate(cases):
        make_case(number, name, dataclasses.replace(base, **changes), weights_file, dtype)


if __name__ == "__main__":
    main()
