#!/usr/bin/env python3
"""Writes goldens/{adadiff,rc_eenn}/{model.toml, weights.pth, io.safetensors}: the authors' networks with their gates.

    pip install -r requirements.txt && python make_goldens.py --adadiff DIR --rc_eenn DIR

DIR: checkouts of github.com/Tangshengku/AdaDiff at 240f5b6347005cfac6ee1dd2363f0f0002ccf9f4 and github.com/metodj/RC-EENN at
3db9a52dfbbe8edb5d9b787b6f0712d4e580b9f4. Their networks run here as they are, tiny and on random weights.

io.safetensors holds x [4,C,H,W], t [4] (index units), eps = the whole network's output, u [4,N-1] = the mean uncertainty
after every block but the last, and exit_eps [N-1,4,C,H,W] = what leaving there gives. adadiff also has leaves_<threshold>
= the output of AdaDiff's own forward, one row at a time, with that threshold on its confidence.
"""

import argparse
import importlib
import pathlib
import shutil
import sys
import types

import safetensors.torch
import torch

HERE = pathlib.Path(__file__).parent
SIZES = dict(img_size=8, patch_size=2, in_chans=3, embed_dim=16, depth=4, num_heads=2, mlp_ratio=4)
MODEL = """[backbone]
kind = "uvit"
image_size = 8
channels = 3
patch_size = 2
width = 16
depth = 4
heads = 2
time_input = "{time_input}"
[noise]
schedule = "{schedule}"
train_steps = {steps}
[weights]
file = "weights.pth"
gates = "{gates}"
"""


def module_of(checkout, name):
    """the authors' module, without what it imports and never calls here"""
    for unused in ("torchvision", "torchvision.utils"):
        sys.modules.setdefault(unused, types.ModuleType(unused)).save_image = None
    sys.path.insert(0, str(checkout))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


def randomise(network, generator):
    """every parameter random, so that nothing can be left out unnoticed, and gates that differ from block to block"""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            value = torch.randn(parameter.shape, generator=generator)
            if ".norm" in f".{name}" and name.endswith("weight"):
                value = 1 + 0.3 * value
            elif name.endswith("bias"):
                value = 0.2 * value
            elif name != "pos_embed":
                value = value / value[0].numel() ** 0.5
            parameter.copy_(value)
    return network.eval()


def write(name, toml, network, io):
    folder = HERE / "goldens" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text(MODEL.format(gates=name, **toml))
    torch.save(network.state_dict(), folder / "weights.pth")
    safetensors.torch.save_file({key: value.detach().contiguous() for key, value in io.items()}, folder / "io.safetensors")
    print(name, "u", io["u"].detach().numpy().round(3).tolist())


def adadiff(checkout):
    generator = torch.Generator().manual_seed(1)
    network = randomise(module_of(checkout, "libs.uvit").UViT(**SIZES), generator)
    x = torch.randn(4, 3, 8, 8, generator=generator)
    t = torch.tensor([0.0, 300.0, 700.5, 999.0])
    told = 999 * (t + 1) / 1000  # uvit_continuous
    eps, exits, confidences = network(x, told, is_train=True)
    u = torch.stack([1 - confidence.flatten(1).mean(1) for confidence in confidences[:-1]], 1)
    io = {"x": x, "t": t, "eps": eps, "u": u, "exit_eps": torch.stack(exits[:-1])}
    for threshold in (0.4, 0.44, 0.48, 0.52):
        rows = [network(x[i : i + 1], told[i : i + 1], thres=threshold)[0] for i in range(4)]
        io[f"leaves_{threshold}"] = torch.cat(rows)
    write("adadiff", {"time_input": "uvit_continuous", "schedule": "linear", "steps": 1000}, network, io)


def rc_eenn(checkout):
    generator = torch.Generator().manual_seed(2)
    network = randomise(module_of(checkout / "dee_diff", "networks.ViT").DeeDiff_UViT(**SIZES), generator)
    x = torch.randn(4, 3, 8, 8, generator=generator)
    t = torch.tensor([0.0, 100.0, 350.5, 499.0])
    eps, u, exits = network(x, t / 500)
    io = {"x": x, "t": t, "eps": eps, "u": u[:, :-1].flatten(2).mean(2), "exit_eps": exits[:, :-1].transpose(0, 1)}
    write("rc_eenn", {"time_input": "unit", "schedule": "linear", "steps": 500}, network, io)


if __name__ == "__main__":
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--adadiff", type=pathlib.Path, required=True)
    parser.add_argument("--rc_eenn", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    adadiff(arguments.adadiff)
    rc_eenn(arguments.rc_eenn)
