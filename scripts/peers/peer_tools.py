"""Each tool as its users call it, on two folders of images; only the network behind it is given. Runs in a process of its own.

    python peer_tools.py pytorch_fid A/ B/ network.pt        # prints the FID

The network is a TorchScript file that is called as NVIDIA's inception-2015-12-05.pt is: what the tool has resized and
normalised goes to its `layers`. Imports are inside, so that no tool waits for another's. Workers that decode are as many as
there are CPUs; all else is the tool's default.
"""

import inspect
import os
import re
import sys

import torch
from torch import nn

WORKERS = len(os.sched_getaffinity(0))


def without_weights(tool, base=nn.Module, *arguments):
    """An object of a tool's class, whose constructor would download its weights"""
    made = tool.__new__(tool)
    base.__init__(made, *arguments)
    return made


def width_of(layers):
    with torch.no_grad():
        return layers(torch.zeros(1, 3, 299, 299)).numel()


def pytorch_fid(a, b, layers):
    from pytorch_fid import fid_score
    from pytorch_fid.inception import InceptionV3

    network = without_weights(InceptionV3)
    network.resize_input, network.normalize_input = True, True
    network.output_blocks, network.last_needed_block = [0], 0
    network.blocks = nn.ModuleList([layers])
    options = {"batch_size": 50, "dims": width_of(layers), "device": "cpu", "num_workers": min(WORKERS, 8)}
    sides = [fid_score.compute_statistics_of_path(folder, network, **options) for folder in (a, b)]
    return fid_score.calculate_frechet_distance(*sides[0], *sides[1])


def torch_fidelity(a, b, layers):
    import torch_fidelity
    from torch_fidelity.feature_extractor_base import FeatureExtractorBase
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

    class Extractor(FeatureExtractorInceptionV3):
        def __init__(self, name, features_list, **_):
            FeatureExtractorBase.__init__(self, name, features_list)
            self.feature_extractor_internal_dtype = torch.float32
            # every layer but the first passes on what it gets
            for layer in re.findall(r"self\.(\w+)\(x\)", inspect.getsource(FeatureExtractorInceptionV3.forward)):
                setattr(self, layer, nn.Identity())
            self.Conv2d_1a_3x3 = layers

    FEATURE_EXTRACTORS_REGISTRY["inception-v3-compat"] = Extractor
    return torch_fidelity.calculate_metrics(
        input1=a, input2=b, cuda=False, fid=True, cache=False, verbose=False)["frechet_inception_distance"]


def clean_fid(a, b, layers):
    from cleanfid import fid

    class Normalised(nn.Module):
        """As InceptionV3W of clean-fid"""

        def forward(self, x):
            return layers((x - 128) / 128).flatten(1)

    return fid.compute_fid(a, b, mode="clean", num_workers=WORKERS, device=torch.device("cpu"), verbose=False,
                           custom_feat_extractor=Normalised().eval(), use_dataparallel=False)


TOOLS = {tool.__name__: tool for tool in (pytorch_fid, torch_fidelity, clean_fid)}

if __name__ == "__main__":
    name, a, b, file = sys.argv[1:]
    print("value", float(TOOLS[name](a, b, torch.jit.load(file).eval().layers)))
