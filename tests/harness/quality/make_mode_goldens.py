"""Writes mode_goldens.json, mode_images.npz, tiny_inception.pt, tiny_adm.pt: what other tools make of image files.

    python make_mode_goldens.py        # with the versions of mode_requirements.txt; no tool's weights are needed

Each tool's own code opens the files, resizes and normalises; only the network behind it is ours, an Inception in small
with random weights. tiny_inception.pt is called as NVIDIA's inception-2015-12-05.pt is, tiny_adm.pt answers what
guided-diffusion's evaluator reads from its graph. mode_images.npz holds each file's pixels, u8 [H, W, C], as Pillow
decodes them, and as NAME.spatial what sFID would be made of.
"""

import inspect
import json
import re
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import cleanfid.fid
import numpy as np
import pytorch_fid.fid_score
import torch
from cleanfid.inception_torchscript import InceptionV3W
from PIL import Image
from pytorch_fid.inception import InceptionV3
from torch import nn
from torch.nn import functional as F
from torch_fidelity.datasets import ImagesPathDataset
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

HERE = Path(__file__).parent
PACKAGES = ("torch", "torchvision", "pytorch-fid", "torch-fidelity", "clean-fid", "pillow", "numpy")
FEATURES = 16
SIDE = 299
# kind, colours, height, width: enlarged, reduced, both, neither, grey, and strips that a filter is wider than
CASES = [
    ("png", "RGB", 37, 53),
    ("jpg", "RGB", 127, 251),
    ("jpg", "L", 301, 300),
    ("png", "RGB", 331, 45),
    ("jpg", "RGB", 19, 333),
    ("png", "RGB", 1024, 3),
    ("png", "RGB", 1, 2),
    ("png", "L", 299, 299),
    ("jpg", "L", 401, 333),
]


class Mixed(nn.Module):
    """Branches as in Inception: averages that do not count the padding"""

    def __init__(self):
        super().__init__()
        self.point = nn.Conv2d(8, 8, 1)
        self.square = nn.Conv2d(8, 8, 3, padding=1)
        self.pooled = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        pooled = F.avg_pool2d(x, kernel_size=3, stride=1, padding=1, count_include_pad=False)
        return F.relu(torch.cat([self.point(x), self.square(x), self.pooled(pooled)], 1))


class TinyInception(nn.Module):
    """Called as NVIDIA's file: 0..255 of any size, which it resizes as TensorFlow 1 does, by shifting the grid"""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.MaxPool2d(3, 2), Mixed(), nn.MaxPool2d(3, 4),
            nn.Conv2d(24, FEATURES, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
        self.output = nn.Linear(FEATURES, 10)

    def forward(self, img, return_features: bool = False, use_fp16: bool = False, no_output_bias: bool = False):
        batch, channels, height, width = img.shape
        assert channels == 3
        move = torch.eye(2, 3, device=img.device)
        move[0, 2] += 1 / width - 1 / 299
        move[1, 2] += 1 / height - 1 / 299
        grid = F.affine_grid(move.unsqueeze(0).repeat([batch, 1, 1]), [batch, channels, 299, 299], align_corners=False)
        x = F.grid_sample(img.to(torch.float32), grid, mode="bilinear", padding_mode="border", align_corners=False)
        features = self.layers((x - 128) / 128).flatten(1)
        if return_features:
            return features
        logits = F.linear(features, self.output.weight) if no_output_bias else self.output(features)
        return F.softmax(logits, dim=1)


class TinyAdm(nn.Module):
    """What the evaluator takes from its graph: pool_3, logits without bias, 7 channels of mixed_6/conv as NHWC"""

    def __init__(self, network):
        super().__init__()
        self.trunk = network.layers[:-1]
        self.output = network.output

    def forward(self, x):
        maps = self.trunk(x)
        features = maps.mean(dim=[2, 3])
        return features, F.linear(features, self.output.weight), maps[:, :7].permute(0, 2, 3, 1)


def tiny_inception():
    network = TinyInception().eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(2015)
    for name, parameter in network.named_parameters():
        scale = 0.1 if name.endswith("bias") else (2 / parameter[0].numel()) ** 0.5
        parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)
    return network


def picture(colours, height, width, generator):
    """Waves, hard stripes and noise: what filters and JPEG treat each in its own way"""
    y, x = np.mgrid[:height, :width, :1][:2]
    phase = generator.uniform(0, 6, 1 if colours == "L" else 3)
    noise = generator.normal(0, 20, (height, width, 1)) * (y % 8 == 0)
    values = 128 + 60 * (np.sin(y / 7 + phase) + np.cos(x / 5 - phase)) + noise
    values = np.where((x + 2 * y) % 23 < 5, 255 - values, values)
    pixels = values.clip(0, 255).astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if colours == "L" else pixels)


def without_weights(tool, base=nn.Module, *arguments):
    """An object of a tool's class, whose constructor would download its weights"""
    made = tool.__new__(tool)
    base.__init__(made, *arguments)
    return made


def plain(network, file):
    """As EDM's fid.py and stylegan2-ada-pytorch's metrics do: the network gets the bytes and resizes inside"""
    pixels = np.array(Image.open(file).convert("RGB"))
    return network(torch.from_numpy(pixels).permute(2, 0, 1)[None], return_features=True)[0]


def pytorch_fid_(network, file):
    tool = without_weights(InceptionV3)
    tool.resize_input, tool.normalize_input = True, True
    tool.output_blocks, tool.last_needed_block = [0], 0
    tool.blocks = nn.ModuleList([network.layers])
    return pytorch_fid.fid_score.get_activations([file], tool, batch_size=1, dims=FEATURES, num_workers=0)[0]


def torch_fidelity(network, file):
    """features and logits_unbiased; every layer but the first passes on what it gets"""
    tool = without_weights(FeatureExtractorInceptionV3, FeatureExtractorBase, "tiny", ["2048", "logits_unbiased"])
    tool.feature_extractor_internal_dtype = torch.float32
    for layer in re.findall(r"self\.(\w+)\(x\)", inspect.getsource(FeatureExtractorInceptionV3.forward)):
        setattr(tool, layer, nn.Identity())
    tool.Conv2d_1a_3x3, tool.fc = network.layers, network.output
    return [output[0] for output in tool(ImagesPathDataset([file])[0][None])]


def clean_fid(network, file):
    tool = without_weights(InceptionV3W)
    tool.resize_inside = False
    # its forward counts on 2048 features
    tool.layers = nn.Sequential(network.layers, nn.Flatten(), nn.ConstantPad1d((0, 2048 - FEATURES), 0.0))
    return cleanfid.fid.get_files_features(
        [file], tool, num_workers=0, batch_size=1, device="cpu", mode="clean", verbose=False)[0, :FEATURES]


def tensorflow_resize_bilinear(image):
    """ResizeBilinear of the evaluator's graph, in float32 throughout: align_corners and half_pixel_centers are false

    After compute_interpolation_weights (with LegacyScaler) and compute_lerp of TensorFlow's
    tensorflow/core/kernels/image/resize_bilinear_op.cc, and CalculateResizeScale of image_resizer_state.h.
    """

    def weights(size):
        position = np.arange(SIDE, dtype=np.float32) * (np.float32(size) / np.float32(SIDE))
        lower = np.floor(position)
        upper = np.minimum(np.ceil(position).astype(np.int64), size - 1)
        return lower.astype(np.int64), upper, position - lower

    top, bottom, y_lerp = weights(image.shape[0])
    left, right, x_lerp = weights(image.shape[1])
    x_lerp, y_lerp = x_lerp[None, :, None], y_lerp[:, None, None]
    above = image[top][:, left] + (image[top][:, right] - image[top][:, left]) * x_lerp
    below = image[bottom][:, left] + (image[bottom][:, right] - image[bottom][:, left]) * x_lerp
    return above + (below - above) * y_lerp


def adm(network, file):
    """features, logits and spatial features; the graph subtracts 128 and multiplies by 0.0078125"""
    pixels = np.array(Image.open(file).convert("RGB")).astype(np.float32)
    prepared = (tensorflow_resize_bilinear(pixels) - np.float32(128)) * np.float32(0.0078125)
    outputs = TinyAdm(network)(torch.from_numpy(prepared).permute(2, 0, 1)[None].contiguous())
    return [output.flatten() for output in outputs]


def numbers(values):
    return [float(f"{x:.9g}") for x in np.asarray(values).tolist()]


def main():
    torch.set_num_threads(1)
    network = tiny_inception()
    generator = np.random.default_rng(2015)
    arrays, cases = {}, []
    with TemporaryDirectory() as folder:
        for kind, colours, height, width in CASES:
            name = f"{colours.lower()}_{height}x{width}.{kind}"
            file = str(Path(folder) / name)
            picture(colours, height, width, generator).save(file)
            arrays[name] = np.asarray(Image.open(file)).reshape(height, width, -1)
            fidelity_features, fidelity_logits = torch_fidelity(network, file)
            adm_features, adm_logits, arrays[name + ".spatial"] = adm(network, file)
            outputs = {
                "plain": plain(network, file),
                "pytorch_fid": pytorch_fid_(network, file),
                "torch_fidelity": fidelity_features,
                "torch_fidelity_logits": fidelity_logits,
                "clean_fid": clean_fid(network, file),
                "adm": adm_features,
                "adm_logits": adm_logits,
            }
            cases.append({"name": name} | {tool: numbers(values) for tool, values in outputs.items()})
    goldens = {"versions": {name: version(name) for name in PACKAGES}, "cases": cases}
    (HERE / "mode_goldens.json").write_text(json.dumps(goldens, indent=1) + "\n")
    np.savez_compressed(HERE / "mode_images.npz", **{name: np.asarray(values) for name, values in arrays.items()})
    torch.jit.script(network).save(str(HERE / "tiny_inception.pt"))
    torch.jit.script(TinyAdm(network)).save(str(HERE / "tiny_adm.pt"))


if __name__ == "__main__":
    main()
