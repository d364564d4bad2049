"""Writes author_goldens.json: what the solvers' authors' own code does with a network that is known in closed form.

    python make_author_goldens.py --authors DIR     # in an environment with requirements.txt; seconds on one core

DIR holds five public files, whole or cut down to the definitions named here (docstrings do not matter):

- dpm_solver_pytorch.py: github.com/LuChengTHU/dpm-solver at 8acf2bb9419165fec8b3ffd01621aa735be5dee3; NoiseScheduleVP,
  DPM_Solver, interpolate_fn, expand_dims
- dpm_solver_pp.py: github.com/baofff/U-ViT at ce551708dc9cde9818d2af7d84dfadfeb7bd9034; NoiseScheduleVP, DPM_Solver,
  interpolate_fn: how U-ViT's discrete latent networks, and AdaDiff's on COCO, are sampled
- uni_pc.py: github.com/wl-zhao/UniPC at 25acd34b153fd82a4b1b9a945a520133419a02e1; NoiseScheduleVP, UniPC,
  interpolate_fn, expand_dims
- generate.py: github.com/NVlabs/edm at 0a2ff34f0b80415ace7af7311074bd2255da0d1e; edm_sampler
- sde.py: github.com/baofff/U-ViT at 2a8685fe59c23362cf97aa2b5d47c4bcc36f333b; SDE, VPSDE, ScoreModel, ReverseSDE, ODE,
  euler_maruyama, stp, duplicate, dct2str

Only those definitions are run, so that the files' other imports need not be there.

The data are independent normals, as in make_goldens.py, with two numbers per trajectory; everything is float64. A case
records time and input of every evaluation of the network as the network sees them: VP scaling; times are indices (with
fractions) on the discrete schedule, where the authors' continuous t in (0, 1] is index 1000 t - 1, and t itself on
vp_continuous. Draws of noise are listed only where they are used.

edm_heun starts from sigma_max * start. Its network is told sigma and the unscaled state; the index is the one at which
the schedule has that sigma, log alpha being linear between indices.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import json
import logging
import math
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
MEAN, STD = 0.3, 0.4  # of the data: independent normals
START = [-1.3, 2.1]
STEPS = [5, 10, 25, 50]
GRIDS = {"uniform": "time_uniform", "quadratic": "time_quadratic", "logsnr": "logSNR"}
SCHEDULES = ["linear", "vp_continuous"]
BETAS = np.linspace(1e-4, 0.02, 1000)
LOG_ALPHAS = 0.5 * np.cumsum(np.log(1 - BETAS))
SIGMAS = np.sqrt(np.expm1(-2 * LOG_ALPHAS))  # noise to signal at each index
BETA_MIN, BETA_MAX = 0.1, 20.0  # of vp_continuous
CHURN = {"s_churn": 10.0, "s_tmin": 0.05, "s_tmax": 50.0, "s_noise": 1.003}
WANTED = {
    "dpm_solver_pytorch.py": ["NoiseScheduleVP", "DPM_Solver", "interpolate_fn", "expand_dims"],
    "dpm_solver_pp.py": ["NoiseScheduleVP", "DPM_Solver", "interpolate_fn"],
    "uni_pc.py": ["NoiseScheduleVP", "UniPC", "interpolate_fn", "expand_dims"],
    "generate.py": ["edm_sampler"],
    "sde.py": "SDE VPSDE ScoreModel ReverseSDE ODE euler_maruyama stp duplicate dct2str".split(),
}


def load(folder: Path, file: str) -> SimpleNamespace:
    """the wanted top-level definitions of one of the authors' files"""
    tree = ast.parse((folder / file).read_text(), file)
    tree.body = [node for node in tree.body if getattr(node, "name", None) in WANTED[file]]
    missing = set(WANTED[file]) - {node.name for node in tree.body}
    assert not missing, f"{file}: no {missing}"
    names = {"torch": torch, "nn": torch.nn, "np": np, "math": math, "logging": logging}
    names["tqdm"] = lambda items, **_options: items
    exec(compile(tree, file, "exec"), names)  # noqa: S102
    return SimpleNamespace(**{name: names[name] for name in WANTED[file]})


def log_alpha(schedule: str, t: float) -> float:
    if schedule == "linear":
        return float(np.interp(t, np.arange(1000), LOG_ALPHAS))
    return -0.25 * t**2 * (BETA_MAX - BETA_MIN) - 0.5 * t * BETA_MIN


class Network:
    """predicts the noise exactly; remembers what it was asked"""

    def __init__(self, schedule: str) -> None:
        self.schedule = schedule
        self.times: list[float] = []
        self.inputs: list[list[float]] = []

    def __call__(self, x: torch.Tensor, t: float) -> torch.Tensor:
        assert x.dtype == torch.float64
        self.times.append(float(t))
        self.inputs.append(x.flatten().tolist())
        alpha = math.exp(log_alpha(self.schedule, float(t)))
        sigma = math.sqrt(1 - alpha**2)
        return sigma * (x - alpha * MEAN) / (alpha**2 * STD**2 + sigma**2)


class Noise:
    """draws by number, recorded; the authors' code gets them in place of torch.randn_like"""

    def __init__(self) -> None:
        self.random = np.random.default_rng(7)
        self.draws: list[list[float]] = []

    def __call__(self, like: torch.Tensor) -> torch.Tensor:
        self.draws.append(self.random.standard_normal(like.numel()).tolist())
        return torch.tensor(self.draws[-1]).reshape(like.shape)


def start() -> torch.Tensor:
    return torch.tensor(START).reshape(1, 2, 1, 1)


def recorded(network: Network, sample: torch.Tensor, draws: list[list[float]]) -> dict:
    return {"t": network.times, "x": network.inputs, "sample": sample.flatten().tolist(), "noise": draws}


def noise_schedule(module: SimpleNamespace, schedule: str):
    if schedule == "linear":
        return module.NoiseScheduleVP("discrete", betas=torch.tensor(BETAS), dtype=torch.float64)
    return module.NoiseScheduleVP("linear", continuous_beta_0=BETA_MIN, continuous_beta_1=BETA_MAX)


def run_continuous(module, schedule: str, grid: str, steps: int, make, **options) -> dict:
    """DPM_Solver or UniPC from t = 1 to t = 1 / 1000, their defaults"""
    network = Network(schedule)

    def model(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return network(x, (t.item() - 1 / 1000) * 1000 if schedule == "linear" else t.item())

    solver = make(model, noise_schedule(module, schedule))
    with contextlib.redirect_stdout(io.StringIO()):
        sample = solver.sample(start(), steps=steps, skip_type=GRIDS[grid], **options)
    return recorded(network, sample, [])


def continuous_grids():
    for schedule in SCHEDULES:
        for grid in GRIDS:
            for steps in STEPS:
                yield {"schedule": schedule, "grid": grid, "steps": steps}


def dpm_solver_cases(module):
    singlestep = lambda *args: module.DPM_Solver(*args, algorithm_type="dpmsolver")  # noqa: E731
    multistep = lambda *args: module.DPM_Solver(*args, algorithm_type="dpmsolver++")  # noqa: E731
    for common in continuous_grids():
        for order in (1, 2, 3):
            run = run_continuous(module, **common, make=singlestep, method="singlestep", order=order)
            yield {"solver": f"dpm_solver_{order}", "params": {}} | common | run
        for order in (2, 3):
            run = run_continuous(module, **common, make=multistep, method="singlestep", order=order)
            yield {"solver": f"dpm_solver_pp_{order}s", "params": {}} | common | run
            run = run_continuous(module, **common, make=multistep, method="multistep", order=order)
            yield {"solver": f"dpm_solver_pp_{order}m", "params": {}} | common | run
        if common["steps"] == 5:  # 3 divides none of STEPS, and has an order list of its own
            common |= {"steps": 6}
            run = run_continuous(module, **common, make=singlestep, method="singlestep", order=3)
            yield {"solver": "dpm_solver_3", "params": {}} | common | run
            run = run_continuous(module, **common, make=multistep, method="singlestep", order=3)
            yield {"solver": "dpm_solver_pp_3s", "params": {}} | common | run


def uvit_latent_cases(module):
    """eval_ldm_discrete.py and eval_t2i_discrete.py at 50 steps, and fewer; float64 where they have float32"""
    for steps in (*STEPS, 6):
        network = Network("linear")
        schedule = module.NoiseScheduleVP("discrete", betas=torch.tensor(BETAS))

        def model(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            return network(x, t[0].item() * 1000 - 1)  # noqa: B023

        solver = module.DPM_Solver(model, schedule, predict_x0=True, thresholding=False)
        with contextlib.redirect_stdout(io.StringIO()):
            sample = solver.sample(start(), steps=steps, eps=1 / 1000, T=1.0)
        case = {"solver": "dpm_solver_pp_3s", "params": {}, "schedule": "linear", "grid": "uniform", "steps": steps}
        yield case | recorded(network, sample, [])


def unipc_cases(module):
    for common in continuous_grids():
        for order in (1, 2, 3) if common["steps"] in (10, 25) else (2,):
            for variant in ("bh1", "bh2"):
                make = lambda *args: module.UniPC(*args, variant=variant)  # noqa: E731, B023
                run = run_continuous(module, **common, make=make, order=order)
                yield {"solver": "unipc", "params": {"order": order, "variant": variant}} | common | run


class EdmNetwork:
    """what edm_sampler asks of a network, over one that predicts noise in VP scaling"""

    sigma_min, sigma_max = float(SIGMAS[0]), float(SIGMAS[-1])

    def __init__(self) -> None:
        self.vp = Network("linear")
        self.sigmas: list[float] = []

    def round_sigma(self, sigma: torch.Tensor) -> torch.Tensor:
        return sigma

    def __call__(self, x: torch.Tensor, sigma: torch.Tensor, _labels) -> torch.Tensor:
        self.sigmas.append(float(sigma))
        index = np.interp(0.5 * math.log1p(float(sigma) ** 2), -LOG_ALPHAS, np.arange(1000))
        return x - sigma * self.vp(x / (1 + sigma**2).sqrt(), float(index))


def edm_cases(module):
    for steps in STEPS:
        for params in ({}, CHURN):
            network, noise = EdmNetwork(), Noise()
            theirs = {"S_churn": "s_churn", "S_min": "s_tmin", "S_max": "s_tmax", "S_noise": "s_noise"}
            options = {name: params[ours] for name, ours in theirs.items() if ours in params}
            sample = module.edm_sampler(network, start(), randn_like=noise, num_steps=steps, **options)
            assert len(network.sigmas) == 2 * steps - 1
            # each step draws; the draw matters where the step's first evaluation is above the sigma it came from
            come_from = [network.sigmas[0], *network.sigmas[1::2]]  # sigma_max is above s_tmax
            used = [hat > sigma for hat, sigma in zip(network.sigmas[::2], come_from, strict=True)]
            draws = [draw for draw, counts in zip(noise.draws, used, strict=True) if counts]
            case = {"solver": "edm_heun", "params": params, "schedule": "linear", "grid": "edm", "steps": steps}
            yield case | recorded(network.vp, sample, draws)


def euler_maruyama_cases(module):
    for steps in STEPS:
        for ode in (False, True):
            network, noise = Network("vp_continuous"), Noise()
            with contextlib.redirect_stdout(io.StringIO()), mock.patch("torch.randn_like", noise):
                told = lambda x, t: network(x, t.item() / 999)  # noqa: E731, B023
                model = module.ScoreModel(told, "noise_pred", module.VPSDE())
                equation = module.ODE(model) if ode else module.ReverseSDE(model)
                sample = module.euler_maruyama(equation, start(), steps)
            case = {"solver": "euler_maruyama", "params": {"ode": True} if ode else {}, "schedule": "vp_continuous"}
            draws = [] if ode else noise.draws  # the ODE's are multiplied by 0
            yield case | {"grid": "uniform", "steps": steps} | recorded(network, sample, draws)


def all_cases(authors: Path):
    yield from dpm_solver_cases(load(authors, "dpm_solver_pytorch.py"))
    yield from uvit_latent_cases(load(authors, "dpm_solver_pp.py"))
    yield from unipc_cases(load(authors, "uni_pc.py"))
    yield from edm_cases(load(authors, "generate.py"))
    yield from euler_maruyama_cases(load(authors, "sde.py"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--authors", type=Path, required=True, metavar="DIR", help="the authors' files")
    cases = list(all_cases(parser.parse_args().authors))
    text = json.dumps({"mean": MEAN, "std": STD, "start": START, "cases": cases}, separators=(",", ":"))
    Path(__file__).with_name("author_goldens.json").write_text(text + "\n")
    print(len(cases), "cases,", len(text) // 1024, "KiB")
