"""One evaluation of a network in Python, on demand; speaks as build/release/bin/forward_bench does.

    python forward_peer.py RUNNER NETWORK.json PRECISION THREADS IN.npz OUT.safetensors
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import safetensors.torch
import torch

import networks


def torch_eager(network, x, t):
    return lambda: network(x, t)


def torch_compile(network, x, t):
    compiled = torch.compile(network)
    return lambda: compiled(x, t)


def torch_compile_max(network, x, t):
    import torch._inductor.config as inductor

    inductor.freezing = True
    compiled = torch.compile(network, mode="max-autotune")
    return lambda: compiled(x, t)


def exported(network, x, t) -> Path:
    file = Path(tempfile.mkdtemp()) / "network.onnx"
    torch.onnx.export(network.float(), (x.float(), t), file, input_names=["x", "t"], output_names=["eps"], dynamo=False, opset_version=17)
    return file


def onnxruntime(network, x, t):
    if x.dtype != torch.float32:
        raise SystemExit("onnxruntime: its CPU provider has no bf16 network")
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = runtime.InferenceSession(exported(network, x, t), options, providers=["CPUExecutionProvider"])
    feed = {"x": x.numpy(), "t": t.numpy()}
    return lambda: torch.from_numpy(session.run(None, feed)[0])


def openvino(network, x, t):
    import openvino as ov

    core = ov.Core()
    compiled = core.compile_model(core.read_model(exported(network, x, t)), "CPU", {
        "INFERENCE_PRECISION_HINT": "bf16" if x.dtype == torch.bfloat16 else "f32", "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": str(torch.get_num_threads()), "ENABLE_CPU_PINNING": False})
    request, feed = compiled.create_infer_request(), [x.float().numpy(), t.numpy()]

    def run():
        request.infer(feed, share_inputs=True)
        return torch.from_numpy(request.get_output_tensor(0).data)

    return run


RUNNERS = {f.__name__: f for f in (torch_eager, torch_compile, torch_compile_max, onnxruntime, openvino)}


def main() -> None:
    runner, network_file, precision, threads, source, target = sys.argv[1:]
    torch.set_num_threads(int(threads))
    description = json.loads(Path(network_file).read_text())
    network = networks.build(description).eval().requires_grad_(False)
    network.load_state_dict(safetensors.torch.load_file(description["weights"]))
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    arrays = np.load(source)
    x, t = torch.from_numpy(arrays["x"]).to(dtype), torch.from_numpy(arrays["t"])
    with torch.inference_mode():
        evaluate = RUNNERS[runner](network.to(dtype), x, t)
        for _ in range(3):
            eps = evaluate()
        safetensors.torch.save_file({"eps": eps.float().contiguous()}, target)
        print("ready", flush=True)
        for line in sys.stdin:
            times = []
            for _ in range(int(line)):
                start = time.perf_counter_ns()
                evaluate()
                times.append(time.perf_counter_ns() - start)
            print(*times, flush=True)


if __name__ == "__main__":
    main()
