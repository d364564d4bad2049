"""Writes a TorchScript Inception of full size with fixed random weights, called as NVIDIA's inception-2015-12-05.pt is.

    python inception.py inception.pt

torchvision's network with the blocks of pytorch-fid's FID Inception; convolutions are He-initialised, so that features keep a
scale through 94 layers. Its features mean nothing; its cost is that of the network that papers use.
"""

import sys

import torch
from pytorch_fid import inception
from torch import nn
from torchvision.models import inception_v3


def layers() -> nn.Sequential:
    whole = inception_v3(num_classes=1008, aux_logits=False, weights=None, init_weights=False)
    for name, block, width in [("Mixed_5b", inception.FIDInceptionA, (192, 32)), ("Mixed_5c", inception.FIDInceptionA, (256, 64)),
                               ("Mixed_5d", inception.FIDInceptionA, (288, 64)), ("Mixed_6b", inception.FIDInceptionC, (768, 128)),
                               ("Mixed_6c", inception.FIDInceptionC, (768, 160)), ("Mixed_6d", inception.FIDInceptionC, (768, 160)),
                               ("Mixed_6e", inception.FIDInceptionC, (768, 192)), ("Mixed_7b", inception.FIDInceptionE_1, (1280,)),
                               ("Mixed_7c", inception.FIDInceptionE_2, (2048,))]:
        setattr(whole, name, block(*width))
    children = [child for name, child in whole.named_children() if name not in ("AuxLogits", "dropout", "fc", "avgpool")]
    return nn.Sequential(*children, nn.AdaptiveAvgPool2d(1))


class Inception(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = layers()

    def forward(self, img, return_features: bool = False):
        return self.layers((img.to(torch.float32) - 128) / 128).flatten(1)


def main() -> None:
    network = Inception().eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(2015)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            scale = (2 / module.weight[0].numel()) ** 0.5
            module.weight.copy_(torch.randn(module.weight.shape, generator=generator) * scale)
    torch.jit.script(network).save(sys.argv[1])


main()
