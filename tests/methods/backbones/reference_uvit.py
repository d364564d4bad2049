"""U-ViT's network as published (arXiv 2209.12152, github.com/baofff/U-ViT), written a second time in plain PyTorch.

The C++ backbone is compared with it; so it shares no code with it and aims at being obvious, not fast:

    config = UViTConfig(image_size=8, channels=1, patch_size=2, width=16, depth=4, heads=2)
    weights = {name: torch.randn(shape) for name, shape in parameter_shapes(config).items()}
    eps = forward(config, weights, x, t)                     # x [B,C,H,W], t [B] in index units 0 .. train_steps - 1
    early = forward(config, weights, x, t, exit_after=2)     # the output head on the tokens after two blocks

Everything is computed in the dtype of `x`, the embedding of time included.
"""

import dataclasses
import math

import torch
import torch.nn.functional as F


@dataclasses.dataclass
class UViTConfig:
    image_size: int
    channels: int
    patch_size: int
    width: int
    depth: int  # in + out blocks; the mid block comes on top
    heads: int
    mlp_ratio: float = 4.0
    qkv_bias: bool = False
    classes: int = 0  # 0: unconditional; otherwise the table has one more row, for the null label ...
    null_label: bool = True  # ... unless this is False
    mlp_time_embed: bool = False
    final_conv: bool = True
    context_tokens: int = 0  # of text, between time and patches
    context_width: int = 0
    time_input: str = "index"
    train_steps: int = 1000

    def __post_init__(self):
        if self.depth % 2 or self.image_size % self.patch_size or self.width % self.heads:
            raise ValueError("depth must be even, patches must tile the image, heads must divide the width")


def parameter_shapes(config):
    """Name -> shape of every parameter, in the order of the network."""
    width, hidden = config.width, int(config.width * config.mlp_ratio)
    patch_values = config.patch_size**2 * config.channels
    tokens = (config.image_size // config.patch_size) ** 2 + (2 if config.classes else 1) + config.context_tokens
    shapes = {}

    def linear(name, inputs, outputs, bias=True):
        shapes[f"{name}.weight"] = (outputs, inputs)
        if bias:
            shapes[f"{name}.bias"] = (outputs,)

    def layer_norm(name):
        shapes[f"{name}.weight"] = (width,)
        shapes[f"{name}.bias"] = (width,)

    shapes["pos_embed"] = (1, tokens, width)
    shapes["patch_embed.proj.weight"] = (width, config.channels, config.patch_size, config.patch_size)
    shapes["patch_embed.proj.bias"] = (width,)
    if config.mlp_time_embed:
        linear("time_embed.0", width, 4 * width)
        linear("time_embed.2", 4 * width, width)
    if config.context_tokens:
        linear("context_embed", config.context_width, width)
    if config.classes:
        shapes["label_emb.weight"] = (config.classes + config.null_label, width)
    for block in block_names(config):
        layer_norm(f"{block}.norm1")
        linear(f"{block}.attn.qkv", width, 3 * width, config.qkv_bias)
        linear(f"{block}.attn.proj", width, width)
        layer_norm(f"{block}.norm2")
        linear(f"{block}.mlp.fc1", width, hidden)
        linear(f"{block}.mlp.fc2", hidden, width)
        if block.startswith("out_blocks"):
            linear(f"{block}.skip_linear", 2 * width, width)
    layer_norm("norm")
    linear("decoder_pred", width, patch_values)
    if config.final_conv:
        shapes["final_layer.weight"] = (config.channels, config.channels, 3, 3)
        shapes["final_layer.bias"] = (config.channels,)
    return shapes


def block_names(config):
    half = range(config.depth // 2)
    return [f"in_blocks.{i}" for i in half] + ["mid_block"] + [f"out_blocks.{i}" for i in half]


def network_time(config, t):
    """What the network is told for index t, according to `time_input`."""
    if config.time_input == "index":
        return t
    if config.time_input == "index_plus_one":  # U-ViT's discrete latent networks count from 1
        return t + 1
    if config.time_input == "unit":
        return t / config.train_steps
    if config.time_input == "uvit_continuous":  # index t of a discrete schedule is the continuous time (t + 1) / steps
        return 999 * ((t + 1) / config.train_steps)
    raise ValueError(f"unknown time_input '{config.time_input}'")


def timestep_embedding(time, width):
    """Cosines first, then sines, of periods rising geometrically towards 10000; a zero column for an odd width."""
    half = width // 2
    frequencies = torch.exp(-math.log(10000) * torch.arange(half, dtype=time.dtype) / half)
    angles = time[:, None] * frequencies[None, :]
    embedding = torch.cat([torch.cos(angles), torch.sin(angles)], dim=1)
    return F.pad(embedding, (0, width % 2))


def forward(config, weights, x, t, y=None, exit_after=None, context=None):
    """eps [B,C,H,W]; `exit_after` applies the output head after that many blocks (from 1, in + mid + out)."""
    weights = {name: tensor.to(x.dtype) for name, tensor in weights.items()}
    names = block_names(config)
    if exit_after is not None and not 1 <= exit_after <= len(names):
        raise ValueError(f"exit_after must lie in 1 .. {len(names)}")
    if config.classes and y is None:
        y = torch.full((x.shape[0],), config.classes)

    def linear(name, value):
        return F.linear(value, weights[f"{name}.weight"], weights.get(f"{name}.bias"))

    def layer_norm(name, value):
        return F.layer_norm(value, (config.width,), weights[f"{name}.weight"], weights[f"{name}.bias"], eps=1e-5)

    def attention(name, value):
        batch, length, width = value.shape
        # 'B L (K H D) -> K B H L D'
        q, k, v = linear(f"{name}.qkv", value).reshape(batch, length, 3, config.heads, -1).permute(2, 0, 3, 1, 4)
        scores = (q @ k.transpose(-2, -1)) / math.sqrt(width // config.heads)
        mixed = scores.softmax(dim=-1) @ v
        return linear(f"{name}.proj", mixed.transpose(1, 2).reshape(batch, length, width))

    def block(name, tokens, skip=None):
        if skip is not None:
            tokens = linear(f"{name}.skip_linear", torch.cat([tokens, skip], dim=-1))
        tokens = tokens + attention(f"{name}.attn", layer_norm(f"{name}.norm1", tokens))
        hidden = F.gelu(linear(f"{name}.mlp.fc1", layer_norm(f"{name}.norm2", tokens)))
        return tokens + linear(f"{name}.mlp.fc2", hidden)

    patches = F.conv2d(x, weights["patch_embed.proj.weight"], weights["patch_embed.proj.bias"], config.patch_size)
    time_token = timestep_embedding(network_time(config, t.to(x.dtype)), config.width)
    if config.mlp_time_embed:
        time_token = linear("time_embed.2", F.silu(linear("time_embed.0", time_token)))
    extra_tokens = [time_token[:, None, :]]
    if config.classes:
        extra_tokens.insert(0, weights["label_emb.weight"][y][:, None, :])
    if config.context_tokens:
        extra_tokens.append(linear("context_embed", context.to(x.dtype)))
    tokens = torch.cat(extra_tokens + [patches.flatten(2).transpose(1, 2)], dim=1) + weights["pos_embed"]

    skips = []
    for name in names[:exit_after]:
        if name.startswith("in_blocks"):
            tokens = block(name, tokens)
            skips.append(tokens)
        elif name == "mid_block":
            tokens = block(name, tokens)
        else:
            tokens = block(name, tokens, skips.pop())

    values = linear("decoder_pred", layer_norm("norm", tokens))[:, sum(part.shape[1] for part in extra_tokens):]
    side = config.image_size // config.patch_size
    # 'B (h w) (p1 p2 C) -> B C (h p1) (w p2)'
    values = values.reshape(x.shape[0], side, side, config.patch_size, config.patch_size, config.channels)
    image = values.permute(0, 5, 1, 3, 2, 4).reshape(x.shape)
    if config.final_conv:
        image = F.conv2d(image, weights["final_layer.weight"], weights["final_layer.bias"], padding=1)
    return image
