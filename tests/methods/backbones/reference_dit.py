"""DiT's network as published (arXiv 2212.09748, github.com/facebookresearch/DiT), written a second time in plain PyTorch.

The C++ backbone is compared with it; so it shares no code with it and aims at being obvious, not fast:

    config = DiTConfig(image_size=8, channels=2, patch_size=2, width=8, depth=3, heads=2, classes=10, learned_sigma=True)
    weights = {name: torch.randn(shape) for name, shape in parameter_shapes(config).items()}
    output = forward(config, weights, x, t, y)               # [B,2C,H,W]: eps, then v; [B,C,H,W] without learned_sigma
    early = forward(config, weights, x, t, y, exit_after=2)  # the output head on the tokens after two blocks

Everything is computed in the dtype of `x`, the embedding of time included. `pos_embed` may be missing from the weights:
then it is the fixed table, which upstream keeps in float32.
"""

import dataclasses
import math

import torch
import torch.nn.functional as F

from reference_uvit import network_time, timestep_embedding

TIME_WIDTH = 256


@dataclasses.dataclass
class DiTConfig:
    image_size: int
    channels: int
    patch_size: int
    width: int
    depth: int
    heads: int
    mlp_ratio: float = 4.0
    classes: int = 0  # 0: unconditional; otherwise the table has one more row, for the null label
    learned_sigma: bool = False
    time_input: str = "index"
    train_steps: int = 1000

    def __post_init__(self):
        if self.image_size % self.patch_size or self.width % self.heads or self.width % 4:
            raise ValueError("patches must tile the image, heads and 4 must divide the width")

    @property
    def out_channels(self):
        return self.channels * (2 if self.learned_sigma else 1)


def parameter_shapes(config):
    """Name -> shape of every parameter, in the order of the network; pos_embed is the first."""
    width, hidden, patch = config.width, int(config.width * config.mlp_ratio), config.patch_size
    shapes = {
        "pos_embed": (1, (config.image_size // patch) ** 2, width),
        "x_embedder.proj.weight": (width, config.channels, patch, patch),
        "x_embedder.proj.bias": (width,),
    }

    def linear(name, inputs, outputs):
        shapes[f"{name}.weight"] = (outputs, inputs)
        shapes[f"{name}.bias"] = (outputs,)

    linear("t_embedder.mlp.0", TIME_WIDTH, width)
    linear("t_embedder.mlp.2", width, width)
    if config.classes:
        shapes["y_embedder.embedding_table.weight"] = (config.classes + 1, width)
    for i in range(config.depth):
        linear(f"blocks.{i}.attn.qkv", width, 3 * width)
        linear(f"blocks.{i}.attn.proj", width, width)
        linear(f"blocks.{i}.mlp.fc1", width, hidden)
        linear(f"blocks.{i}.mlp.fc2", hidden, width)
        linear(f"blocks.{i}.adaLN_modulation.1", width, 6 * width)
    linear("final_layer.linear", width, patch * patch * config.out_channels)
    linear("final_layer.adaLN_modulation.1", width, 2 * width)
    return shapes


def position_table(config):
    """[1, tokens, width]; a patch's column is encoded first, then its row: MAE's code hands its grid over as (x, y)."""
    side, quarter = config.image_size // config.patch_size, config.width // 4

    def encode(position):
        angles = [position / 10000 ** (i / quarter) for i in range(quarter)]
        return [math.sin(a) for a in angles] + [math.cos(a) for a in angles]

    rows = [encode(column) + encode(row) for row in range(side) for column in range(side)]
    return torch.tensor(rows, dtype=torch.float64).float()[None]


def forward(config, weights, x, t, y=None, exit_after=None):
    """eps and v [B,2C,H,W], or eps [B,C,H,W]; `exit_after` applies the output head after that many blocks (from 1)."""
    weights = {"pos_embed": position_table(config), **weights}
    weights = {name: tensor.to(x.dtype) for name, tensor in weights.items()}
    blocks = config.depth if exit_after is None else exit_after
    if not 1 <= blocks <= config.depth:
        raise ValueError(f"exit_after must lie in 1 .. {config.depth}")
    if config.classes and y is None:
        y = torch.full((x.shape[0],), config.classes)

    def linear(name, value):
        return F.linear(value, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def modulations(name):
        """tensors [B, 1, D] from the condition: six for a block, two for the final layer"""
        return linear(f"{name}.adaLN_modulation.1", F.silu(condition))[:, None, :].split(config.width, dim=-1)

    def modulate(value, shift, scale):
        return F.layer_norm(value, (config.width,), eps=1e-6) * (1 + scale) + shift

    def attention(name, value):
        batch, length, width = value.shape
        q, k, v = (part.reshape(batch, length, config.heads, -1).transpose(1, 2)
                   for part in linear(f"{name}.qkv", value).split(width, dim=-1))
        scores = (q @ k.transpose(-2, -1)) / math.sqrt(width // config.heads)
        return linear(f"{name}.proj", (scores.softmax(dim=-1) @ v).transpose(1, 2).reshape(batch, length, width))

    patches = F.conv2d(x, weights["x_embedder.proj.weight"], weights["x_embedder.proj.bias"], config.patch_size)
    tokens = patches.flatten(2).transpose(1, 2) + weights["pos_embed"]
    time = timestep_embedding(network_time(config, t.double()).to(x.dtype), TIME_WIDTH)  # its formula costs no precision
    condition = linear("t_embedder.mlp.2", F.silu(linear("t_embedder.mlp.0", time)))
    if config.classes:
        condition = condition + weights["y_embedder.embedding_table.weight"][y]

    for i in range(blocks):
        shift1, scale1, gate1, shift2, scale2, gate2 = modulations(f"blocks.{i}")
        tokens = tokens + gate1 * attention(f"blocks.{i}.attn", modulate(tokens, shift1, scale1))
        hidden = F.gelu(linear(f"blocks.{i}.mlp.fc1", modulate(tokens, shift2, scale2)), approximate="tanh")
        tokens = tokens + gate2 * linear(f"blocks.{i}.mlp.fc2", hidden)

    shift, scale = modulations("final_layer")
    values = linear("final_layer.linear", modulate(tokens, shift, scale))
    side, patch = config.image_size // config.patch_size, config.patch_size
    # a token holds rows of pixels, each pixel all its channels
    values = values.reshape(x.shape[0], side, side, patch, patch, config.out_channels)
    return values.permute(0, 5, 1, 3, 2, 4).reshape(x.shape[0], config.out_channels, *x.shape[2:])
