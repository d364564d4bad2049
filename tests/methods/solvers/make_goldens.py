"""Writes goldens.json: what diffusers 0.42.1 does with a network that is known in closed form, in float64.

    python make_goldens.py            # in an environment with requirements.txt; seconds on one core

- cases: times, network inputs and samples of one trajectory of 2 numbers per solver, schedule, grid and step count.
- tables: alphas_cumprod of each schedule at some indices.
- grid_sums: for each family of schedulers and each grid, sum of (i + 1) * t_i modulo 9973 for 1 .. 1000 steps, so that
  every time of every grid is compared.

diffusers keeps its tables in float32, which moves results by up to 1e-4; they are recomputed in float64 here (and so is
the state, which the multistep scheduler casts to float32).

Its DDIM steps to t - T // N whatever the grid says. Our contract is the next entry of the grid, so DDIM is driven here
by its published formula (Song et al., eq. 12) with that entry, and every step on which the two agree is compared with
diffusers' own (asserted): all steps of leading; all of trailing where N divides T; some of linspace.

Its trailing grid is numpy.arange(T, 0, -T / N), which for T = 1000 has N + 1 entries at 62 of the N in 1 .. 1000 (61,
103, 121, 122, 201, ...). The surplus entry is time -1, which indexes its tables from the end. grid_sums leave it out,
as our grid does; no case has such an N.

Its DDPM draws noise in a last step whose variance is 0 and clamped to 1e-20; our plan has no such draw.

Its PNDM steps by T // N as its DDIM does and is driven in the same way: each transfer goes to the next entry of its own
list of times, and those that were the same are counted. Its Heun hands float32 times to the network; that is kept.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    DPMSolverSinglestepScheduler,
    HeunDiscreteScheduler,
    PNDMScheduler,
    UniPCMultistepScheduler,
)

assert diffusers.__version__ == "0.42.1"
torch.set_default_dtype(torch.float64)
MEAN, STD = 0.3, 0.4  # of the data: independent normals
START = torch.tensor([[-1.3, 2.1]])
SCHEDULES = {"linear": (1e-4, 0.02), "scaled_linear": (0.00085, 0.012), "cosine": (0.0, 0.0)}
GRIDS = ["leading", "linspace", "trailing"]
STEPS = [1, 3, 5, 10, 25, 50]
MULTISTEP = {
    "algorithm_type": "dpmsolver++",
    "solver_order": 2,
    "solver_type": "midpoint",
    "final_sigmas_type": "zero",
}
TABLE_INDICES = [0, 1, 2, 10, 100, 250, 499, 500, 750, 900, 990, 998, 999]
DDIM_STEPS = {grid: [0, 0] for grid in GRIDS}  # how many there were, and how many diffusers agreed on
PNDM_STEPS = {grid: [0, 0] for grid in GRIDS}


class Float64Torch:
    """torch for a diffusers module that casts its state to float32 on the way: there float32 is float64"""

    float32 = torch.float64

    def __getattr__(self, name: str):
        return getattr(torch, name)


class Float64Numpy:
    """numpy for the same modules, except that Heun's linspace of times stays float32"""

    float32 = np.float64

    def __getattr__(self, name: str):
        return getattr(np, name)

    @staticmethod
    def linspace(*args, dtype=None, **kwargs):
        return np.linspace(*args, dtype=np.float32 if dtype is np.float64 else dtype, **kwargs)


for multistep in (DPMSolverMultistepScheduler, DPMSolverSinglestepScheduler, UniPCMultistepScheduler):
    sys.modules[multistep.__module__].torch = Float64Torch()
    sys.modules[multistep.__module__].np = Float64Numpy()
sys.modules[HeunDiscreteScheduler.__module__].np = Float64Numpy()


def betas_of(schedule: str) -> np.ndarray:
    start, end = SCHEDULES[schedule]
    if schedule == "linear":
        return np.linspace(start, end, 1000)
    if schedule == "scaled_linear":
        return np.linspace(start**0.5, end**0.5, 1000) ** 2
    bar = lambda t: np.cos((t + 0.008) / 1.008 * np.pi / 2) ** 2  # noqa: E731
    return np.array([min(1 - bar((i + 1) / 1000) / bar(i / 1000), 0.999) for i in range(1000)])


def exact(kind, schedule: str, grid: str, **options):
    """a scheduler of diffusers with its tables in float64"""
    if kind is not DPMSolverSinglestepScheduler:  # which knows linspace only
        options["timestep_spacing"] = grid
    start, end = SCHEDULES[schedule] if schedule != "cosine" else (0.0001, 0.02)  # not read by cosine
    name = {"cosine": "squaredcos_cap_v2"}.get(schedule, schedule)
    scheduler = kind(beta_schedule=name, beta_start=start, beta_end=end, **options)
    theirs = scheduler.betas
    scheduler.betas = torch.tensor(betas_of(schedule))
    assert torch.allclose(theirs.double(), scheduler.betas, rtol=2e-4, atol=1e-9), schedule  # the same but for rounding
    scheduler.alphas = 1.0 - scheduler.betas
    scheduler.alphas_cumprod = torch.cumprod(scheduler.alphas, 0)
    scheduler.one = torch.tensor(1.0)
    scheduler.final_alpha_cumprod = torch.tensor(1.0)
    if isinstance(scheduler, PNDMScheduler):
        scheduler.final_alpha_cumprod = scheduler.alphas_cumprod[0]
    if hasattr(scheduler, "alpha_t"):
        scheduler.alpha_t = scheduler.alphas_cumprod.sqrt()
        scheduler.sigma_t = (1 - scheduler.alphas_cumprod).sqrt()
        scheduler.lambda_t = scheduler.alpha_t.log() - scheduler.sigma_t.log()
    return scheduler


def eps(x: torch.Tensor, alpha_cumprod: torch.Tensor) -> torch.Tensor:
    alpha, sigma = alpha_cumprod.sqrt(), (1 - alpha_cumprod).sqrt()
    return sigma * (x - alpha * MEAN) / (alpha**2 * STD**2 + sigma**2)


class Noise:
    """draws by number, recorded; diffusers gets them through its own call"""

    def __init__(self) -> None:
        self.random = np.random.default_rng(7)
        self.draws: list[list[float]] = []

    def __call__(self, *_args, **_kwargs) -> torch.Tensor:
        self.draws.append(self.random.standard_normal(2).tolist())
        return torch.tensor([self.draws[-1]])


def alpha_cumprod_at(scheduler, t: float) -> torch.Tensor:
    """log alpha is linear between indices"""
    table = scheduler.alphas_cumprod.log().numpy()
    return torch.tensor(np.exp(np.interp(float(t), np.arange(len(table)), table)))


def run(scheduler, steps: int, noise: Noise | None) -> dict:
    scheduler.set_timesteps(steps)
    x, inputs = START * scheduler.init_noise_sigma, []
    sde = "sde" in scheduler.config.get("algorithm_type", "")
    for i, t in enumerate(scheduler.timesteps):
        scaled = scheduler.scale_model_input(x, t)
        inputs.append(scaled[0].tolist())
        output = eps(scaled, alpha_cumprod_at(scheduler, t))
        if sde:  # the last step's draw is multiplied by 0, so ours has none
            draw = noise() if i + 1 < steps else torch.zeros(1, 2)
            x = scheduler.step(output, t, x, variance_noise=draw).prev_sample
        else:
            x = scheduler.step(output, t, x).prev_sample
    if x.isnan().any():  # UniPC's bh1 multiplies by B(h), infinite in the last step, where bh2 gives the predicted data
        assert scheduler.config.get("solver_type") == "bh1"
        bar = alpha_cumprod_at(scheduler, scheduler.timesteps[-1])
        if scheduler.config.get("use_karras_sigmas"):
            bar = 1 / (1 + scheduler.sigmas[-2] ** 2)
        x = (scaled - (1 - bar).sqrt() * output) / bar.sqrt()
    draws = noise.draws if noise else []
    return {"t": scheduler.timesteps.tolist(), "x": inputs, "sample": x[0].tolist(), "noise": draws}


def run_pndm(schedule: str, grid: str, steps: int, prk: bool) -> dict:
    scheduler = exact(PNDMScheduler, schedule, grid, skip_prk_steps=not prk)
    theirs = scheduler._get_prev_sample

    def to_next_entry(sample, t, before, output):
        times, call = scheduler.timesteps.tolist(), scheduler.counter
        following = times[call + 1] if call + 1 < len(times) else -1
        if call == 1 and not prk:
            t, following = times[0], times[1]
        PNDM_STEPS[grid][0] += 1
        PNDM_STEPS[grid][1] += max(int(before), -1) == following
        return theirs(sample, t, following, output)

    scheduler._get_prev_sample = to_next_entry
    return run(scheduler, steps, None)


def run_ddim(schedule: str, grid: str, steps: int, eta: float) -> dict:
    scheduler = exact(DDIMScheduler, schedule, grid, clip_sample=False)
    scheduler.set_timesteps(steps)
    times, noise = scheduler.timesteps.tolist(), Noise()
    x, inputs = START.clone(), []
    for i, t in enumerate(times):
        inputs.append(x[0].tolist())
        following = times[i + 1] if i + 1 < len(times) else -1
        a = scheduler.alphas_cumprod[t]
        b = scheduler.alphas_cumprod[following] if following >= 0 else torch.tensor(1.0)
        e = eps(x, a)
        variance = eta**2 * (1 - b) / (1 - a) * (1 - a / b)
        step = b.sqrt() * (x - (1 - a).sqrt() * e) / a.sqrt() + (1 - b - variance).clamp(min=0).sqrt() * e
        draw = noise() if variance > 0 else torch.zeros(1, 2)
        DDIM_STEPS[grid][0] += 1
        if t - 1000 // steps == following or (following == -1 and t - 1000 // steps < 0):
            theirs = scheduler.step(e, t, x, eta=eta, variance_noise=draw if eta > 0 else None).prev_sample
            DDIM_STEPS[grid][1] += 1
            assert torch.allclose(theirs, step + variance.sqrt() * draw, atol=1e-12), (schedule, grid, steps, t)
        x = step + variance.sqrt() * draw
    return {"t": times, "x": inputs, "sample": x[0].tolist(), "noise": noise.draws}


def run_ddpm(schedule: str, grid: str, steps: int, variance: str) -> dict:
    scheduler = exact(DDPMScheduler, schedule, grid, clip_sample=False, variance_type=variance)
    noise = Noise()
    module = __import__("diffusers.schedulers.scheduling_ddpm", fromlist=["randn_tensor"])
    module.randn_tensor = noise
    return run(scheduler, steps, noise)


def more_cases(schedule: str, steps: int):
    def case(solver: str, grid: str, result: dict, **params) -> dict:
        common = {"schedule": schedule, "grid": grid, "steps": steps}
        return {"solver": solver, "params": params} | common | result

    def on(grid: str) -> dict:
        return {"use_karras_sigmas": True} if grid == "karras" else {}

    def spacing(grid: str) -> str:
        return "linspace" if grid == "karras" else grid

    for grid in ("linspace", "karras"):
        for order in (1, 2, 3):
            options = {"algorithm_type": "dpmsolver", "solver_order": order, "final_sigmas_type": "sigma_min"}
            scheduler = exact(DPMSolverSinglestepScheduler, schedule, spacing(grid), **options, **on(grid))
            yield case(f"dpm_solver_{order}", grid, run(scheduler, steps, None))
        for order in (2, 3):
            options = {"algorithm_type": "dpmsolver++", "solver_order": order, "final_sigmas_type": "sigma_min"}
            scheduler = exact(DPMSolverSinglestepScheduler, schedule, spacing(grid), **options, **on(grid))
            yield case(f"dpm_solver_pp_{order}s", grid, run(scheduler, steps, None))
    if steps == 6:  # the one that 3 divides
        return
    for grid in (*GRIDS, "karras"):
        sde = MULTISTEP | {"algorithm_type": "sde-dpmsolver++"} | on(grid)
        scheduler = exact(DPMSolverMultistepScheduler, schedule, spacing(grid), **sde)
        yield case("dpm_solver_pp_sde", grid, run(scheduler, steps, Noise()))
        third = MULTISTEP | {"solver_order": 3} | on(grid)
        scheduler = exact(DPMSolverMultistepScheduler, schedule, spacing(grid), **third)
        yield case("dpm_solver_pp_3m", grid, run(scheduler, steps, None))
        yield case("edm_heun", grid, run(exact(HeunDiscreteScheduler, schedule, spacing(grid), **on(grid)), steps, None))
        for order, variant in [(2, "bh2"), (3, "bh1"), (1, "bh2"), (3, "bh2"), (2, "bh1")]:
            if (order, variant) != (2, "bh2") and steps not in (5, 10):
                continue
            options = {"solver_order": order, "solver_type": variant} | on(grid)
            result = run(exact(UniPCMultistepScheduler, schedule, spacing(grid), **options), steps, None)
            yield case("unipc", grid, result, order=order, variant=variant)
        if grid != "karras":
            for prk in (True, False):
                yield case("pndm", grid, run_pndm(schedule, grid, steps, prk), prk=prk)
    multistep = exact(DPMSolverMultistepScheduler, schedule, "linspace", **MULTISTEP, **on("karras"))
    yield case("dpm_solver_pp_2m", "karras", run(multistep, steps, None))


def cases():
    for schedule in SCHEDULES:
        for grid in GRIDS:
            for steps in STEPS:
                common = {"schedule": schedule, "grid": grid, "steps": steps}
                for eta in (0.0, 0.7):
                    yield {"solver": "ddim", "params": {"eta": eta}} | common | run_ddim(schedule, grid, steps, eta)
                for variance in ("fixed_small", "fixed_large"):
                    params = {"variance": variance}
                    yield {"solver": "ddpm", "params": params} | common | run_ddpm(schedule, grid, steps, variance)
                multistep = exact(DPMSolverMultistepScheduler, schedule, grid, **MULTISTEP)
                yield {"solver": "dpm_solver_pp_2m", "params": {}} | common | run(multistep, steps, None)


def tables() -> dict:
    bars = {schedule: np.cumprod(1 - betas_of(schedule)) for schedule in SCHEDULES}
    return {"t": TABLE_INDICES} | {schedule: bar[TABLE_INDICES].tolist() for schedule, bar in bars.items()}


def grid_sums() -> dict:
    sums: dict = {}
    for solver, kind in (("ddim", DDIMScheduler), ("dpm_solver_pp_2m", DPMSolverMultistepScheduler)):
        for grid in GRIDS:
            scheduler, of_steps = kind(timestep_spacing=grid), []
            for steps in range(1, 1001):
                scheduler.set_timesteps(steps)
                times = scheduler.timesteps.tolist()
                if len(times) == steps + 1:
                    assert grid == "trailing" and times.pop() == -1
                assert len(times) == steps
                repeats = len(set(times)) < steps  # which our grid refuses
                of_steps.append(-1 if repeats else sum((i + 1) * t for i, t in enumerate(times)) % 9973)
            sums[f"{solver} {grid}"] = of_steps
    return sums


def kept(case: dict) -> bool:
    """all step counts on the linear schedule, two on the others: the arithmetic is the same"""
    return case["schedule"] == "linear" or case["steps"] in (3, 10)


if __name__ == "__main__":
    chosen = [case for case in cases() if kept(case)]
    for steps in (5, 6, 10, 25, 50):
        chosen += more_cases("linear", steps)
    chosen += more_cases("scaled_linear", 10)
    for grid, (steps, same) in PNDM_STEPS.items():
        print(f"pndm on {grid}: {same} of {steps} transfers are diffusers' own")
    for grid, (steps, compared) in DDIM_STEPS.items():
        print(f"ddim on {grid}: {compared} of {steps} steps compared with diffusers' own")
    goldens = {"mean": MEAN, "std": STD, "start": START[0].tolist(), "cases": chosen}
    goldens |= {"tables": tables(), "grid_sums": grid_sums()}
    text = json.dumps(goldens, separators=(",", ":"))
    Path(__file__).with_name("goldens.json").write_text(text + "\n")
    print(len(chosen), "cases,", len(text) // 1024, "KiB")
