#!/usr/bin/env python3
"""Makes the TorchScript decoder that `[image] decoder` of a latent model names, out of a Stable Diffusion autoencoder.

    pip install torch diffusers                              # in a Python of your own: diffbench needs neither
    python scripts/export_vae.py stabilityai/sd-vae-ft-mse vae.pt
    python scripts/export_vae.py ./my_vae vae.pt --half      # a folder of diffusers' AutoencoderKL; float16 inside

The file's forward takes float32 latents [B, 4, H, W], already divided by `scale`, and gives float32 images [B, 3, 8 H, 8 W]
in [-1, 1], any B, H and W; the script compares it with the autoencoder at sizes that it was not traced at. U-ViT and DiT
were trained on latents of the autoencoder of Stable Diffusion v1 and its fine-tuned decoders (sd-vae-ft-ema, -mse).
"""

from __future__ import annotations

import argparse

import torch
from diffusers import AutoencoderKL


class Decoder(torch.nn.Module):
    def __init__(self, vae: AutoencoderKL) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        return self.vae.decode(latents.to(self.vae.dtype), return_dict=False)[0].float()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vae", help="name or folder of an AutoencoderKL")
    parser.add_argument("out", help="file to write, such as vae.pt")
    parser.add_argument("--half", action="store_true", help="float16 inside: for GPUs")
    arguments = parser.parse_args()
    vae = AutoencoderKL.from_pretrained(arguments.vae, torch_dtype=torch.float16 if arguments.half else torch.float32)
    decoder = Decoder(vae).eval().requires_grad_(False)
    channels = vae.config.latent_channels
    with torch.no_grad():
        traced = torch.jit.trace(decoder, torch.randn(2, channels, 8, 8), check_trace=False)
        for shape in ((1, channels, 8, 8), (3, channels, 12, 12)):
            latents = torch.randn(shape)
            expected = decoder(latents)
            difference = ((traced(latents) - expected).abs().max() / expected.abs().max()).item()
            print(f"latents {shape}: images {tuple(expected.shape)}, largest difference {difference:.1e}")
            if not difference < (1e-2 if arguments.half else 1e-4):
                raise SystemExit("the traced decoder differs from the autoencoder: another diffusers or torch may help")
    traced.save(arguments.out)
    print(f"wrote {arguments.out}")


if __name__ == "__main__":
    main()
