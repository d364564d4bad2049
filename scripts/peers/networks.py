"""U-ViT and DiT as a practitioner writes them in PyTorch: fused attention, nothing special. Class-free forward(x, t)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn


def sinusoids(t: torch.Tensor, width: int) -> torch.Tensor:
    half = width // 2
    angles = t[:, None].float() * torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32) / half)[None]
    return torch.cat([torch.cos(angles), torch.sin(angles)], dim=1)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int, bias: bool) -> None:
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width, bias=bias), nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        q, k, v = self.qkv(x).reshape(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, length, width))


class Mlp(nn.Module):
    def __init__(self, width: int, approximate: str) -> None:
        super().__init__()
        self.fc1, self.act, self.fc2 = nn.Linear(width, 4 * width), nn.GELU(approximate=approximate), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc2(self.act(self.fc1(x)))


class UViTBlock(nn.Module):
    def __init__(self, width: int, heads: int, skip: bool) -> None:
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width), Attention(width, heads, bias=False)
        self.norm2, self.mlp = nn.LayerNorm(width), Mlp(width, "none")
        self.skip_linear = nn.Linear(2 * width, width) if skip else None

    def forward(self, x: torch.Tensor, skip: torch.Tensor | None = None) -> torch.Tensor:
        if self.skip_linear is not None:
            x = self.skip_linear(torch.cat([x, skip], dim=-1))
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


def unpatchified(values: torch.Tensor, side: int, patch: int, channels: int) -> torch.Tensor:
    values = values.reshape(-1, side, side, patch, patch, channels).permute(0, 5, 1, 3, 2, 4)
    return values.reshape(-1, channels, side * patch, side * patch)


class UViT(nn.Module):
    def __init__(self, image_size: int, channels: int, patch_size: int, width: int, depth: int, heads: int, classes: int = 0) -> None:
        super().__init__()
        self.width, self.patch, self.channels, self.side, self.classes = width, patch_size, channels, image_size // patch_size, classes
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(channels, width, patch_size, patch_size)
        self.extra = 2 if classes else 1
        if classes:
            self.label_emb = nn.Embedding(classes + 1, width)
        self.pos_embed = nn.Parameter(torch.randn(1, self.extra + self.side**2, width) * 0.02)
        self.in_blocks = nn.ModuleList(UViTBlock(width, heads, False) for _ in range(depth // 2))
        self.mid_block = UViTBlock(width, heads, False)
        self.out_blocks = nn.ModuleList(UViTBlock(width, heads, True) for _ in range(depth // 2))
        self.norm, self.decoder_pred = nn.LayerNorm(width), nn.Linear(width, patch_size**2 * channels)
        self.final_layer = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        tokens = [sinusoids(t, self.width).to(x.dtype)[:, None], self.patch_embed.proj(x).flatten(2).transpose(1, 2)]
        if self.classes:
            tokens.insert(0, self.label_emb.weight[self.classes].expand(x.shape[0], 1, self.width))
        h = torch.cat(tokens, dim=1) + self.pos_embed
        skips = []
        for block in self.in_blocks:
            h = block(h)
            skips.append(h)
        h = self.mid_block(h)
        for block in self.out_blocks:
            h = block(h, skips.pop())
        values = self.decoder_pred(self.norm(h))[:, self.extra:]
        return self.final_layer(unpatchified(values, self.side, self.patch, self.channels))


class DiTBlock(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attn, self.mlp = Attention(width, heads, bias=True), Mlp(width, "tanh")
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        shift1, scale1, gate1, shift2, scale2, gate2 = self.adaLN_modulation(c)[:, None].chunk(6, dim=-1)
        x = x + gate1 * self.attn(self.norm1(x) * (1 + scale1) + shift1)
        return x + gate2 * self.mlp(self.norm2(x) * (1 + scale2) + shift2)


class FinalLayer(nn.Module):
    def __init__(self, width: int, values: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.linear, self.adaLN_modulation = nn.Linear(width, values), nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))

    def forward(self, x: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        shift, scale = self.adaLN_modulation(c)[:, None].chunk(2, dim=-1)
        return self.linear(self.norm(x) * (1 + scale) + shift)


class DiT(nn.Module):
    def __init__(self, image_size: int, channels: int, patch_size: int, width: int, depth: int, heads: int, classes: int = 0) -> None:
        super().__init__()
        self.patch, self.channels, self.side = patch_size, channels, image_size // patch_size
        self.x_embedder = nn.Module()
        self.x_embedder.proj = nn.Conv2d(channels, width, patch_size, patch_size)
        self.t_embedder = nn.Module()
        self.t_embedder.mlp = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        self.register_buffer("pos_embed", torch.randn(1, self.side**2, width) * 0.5)
        self.blocks = nn.ModuleList(DiTBlock(width, heads) for _ in range(depth))
        self.final_layer = FinalLayer(width, patch_size**2 * channels)

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        h = self.x_embedder.proj(x).flatten(2).transpose(1, 2) + self.pos_embed
        c = self.t_embedder.mlp(sinusoids(t, 256).to(x.dtype))
        for block in self.blocks:
            h = block(h, c)
        return unpatchified(self.final_layer(h, c), self.side, self.patch, self.channels)


KINDS = {"uvit": UViT, "dit": DiT}
# sizes: the papers'; the zoo's network is read from its model.toml
NETWORKS = {
    "uvit_s2": {"kind": "uvit", "image_size": 32, "channels": 3, "patch_size": 2, "width": 512, "depth": 12, "heads": 8},
    "dit_s2": {"kind": "dit", "image_size": 32, "channels": 4, "patch_size": 2, "width": 384, "depth": 12, "heads": 6},
}


def build(options: dict) -> nn.Module:
    names = ("image_size", "channels", "patch_size", "width", "depth", "heads", "classes")
    return KINDS[options["kind"]](**{name: options[name] for name in names if name in options})
