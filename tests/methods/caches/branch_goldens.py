"""Goldens of the methods that keep what attention and MLP gave: FORA, TaylorSeer, HiCache, cache-dit's DMD."""

from __future__ import annotations

import collections
import importlib
import sys
import types
import typing
from pathlib import Path

import torch

from recorded_sequences import BLOCKS, PLACES, ROWS, TOKENS, WIDTH, functions_of, save, wave


def branch_case(name: str, seed: int, gate: bool, run: typing.Callable, **extra: torch.Tensor) -> None:
    """run(branches [P,2B,L,D] of a row, gates [P,2B]) -> per place (kept or forecast [2B,L,D], whole?)"""
    generator = torch.Generator().manual_seed(seed)
    entered = wave(generator, ROWS, TOKENS, WIDTH, speed=1.0)
    branches = wave(generator, 2 * BLOCKS, ROWS, TOKENS, WIDTH, speed=2.0)
    gates = 1 + 0.2 * torch.randn(PLACES, 2 * BLOCKS, generator=generator) if gate else torch.ones(PLACES, 2 * BLOCKS)
    expected, computed = [], []
    for row in range(ROWS):
        used, flags = run(branches[:, :, row])
        expected.append(entered[:, row] + (gates[:, :, None, None] * used).sum(1))
        computed.append(flags)
    save(name, entered=entered, branches=branches, gates=gates, expected=torch.stack(expected, 1), computed=torch.tensor(computed).T, **extra)


def fora(sources: Path) -> None:
    stub = types.ModuleType("timm.models.vision_transformer")
    stub.PatchEmbed = stub.Attention = stub.Mlp = type("Stub", (torch.nn.Module,), {})
    for name in ("timm", "timm.models"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["timm.models.vision_transformer"] = stub
    sys.path.insert(0, str(sources / "FORA/src"))
    forward = importlib.import_module("models").DiTBlock.forward

    def run(branches: torch.Tensor) -> tuple[torch.Tensor, list[int]]:
        cache = {-1: {0: {}}, "save_cache": "boost_infer_static", "cache_subtype": None}
        used, flags = [], []
        for place in range(PLACES):
            ran = []
            per_block = []
            for block in range(BLOCKS):
                cache[-1].setdefault(block, {})

                def branch(number: int) -> typing.Callable:
                    def call(_x: torch.Tensor) -> torch.Tensor:
                        ran.append(number)
                        return branches[place, number][None]
                    return call

                # unit gates: the tokens' change is the branches as they were used
                own = types.SimpleNamespace(adaLN_modulation=lambda c: torch.tensor([[0.0, 0.0, 1.0, 0.0, 0.0, 0.0]]), norm1=lambda x: x,
                                            norm2=lambda x: x, attn=branch(2 * block), mlp=branch(2 * block + 1))
                zero = torch.zeros(1, TOKENS, WIDTH)
                attention = forward(own, zero, None, block, place, cache, numstep=PLACES, cache_threshold="3")[0]
                own.adaLN_modulation = lambda c: torch.tensor([[0.0, 0.0, 0.0, 0.0, 0.0, 1.0]])
                per_block += [attention, forward(own, zero, None, block, place, cache, numstep=PLACES, cache_threshold="3")[0]]
            used.append(torch.stack(per_block))
            flags.append(int(bool(ran)))
        return torch.stack(used), flags

    branch_case("fora", 5, True, run)


def taylor_seer(sources: Path) -> None:
    taylor = functions_of(sources / "TaylorSeer/TaylorSeer-DiT/taylor_utils/__init__.py", "derivative_approximation", "taylor_formula",
                          "taylor_cache_init")
    schedule = functions_of(sources / "TaylorSeer/TaylorSeer-DiT/cache_functions/cal_type.py", "cal_type").cal_type
    hicache = functions_of(sources / "CFGCache/models/flux/src/flux/taylor_utils/__init__.py", "_hicache_prediction_formula",
                           "_hicache_polynomial")

    def case(name: str, seed: int, order: int, interval: int, predict: typing.Callable) -> None:
        def run(branches: torch.Tensor) -> tuple[torch.Tensor, list[int]]:
            cache = {"cache": {-1: collections.defaultdict(dict)}, "interval": interval, "max_order": order, "first_enhance": 2,
                     "cache_counter": 0}
            current = {"num_steps": PLACES, "activated_steps": [PLACES - 1]}
            used, flags = [], []
            for place in range(PLACES):
                current["step"] = PLACES - 1 - place  # it counts down
                schedule(cache, current)
                outputs = []
                for number in range(2 * BLOCKS):
                    current["layer"], current["module"] = number // 2, ("attn", "mlp")[number % 2]
                    if current["type"] == "full":
                        taylor.taylor_cache_init(cache, current)
                        taylor.derivative_approximation(cache, current, branches[place, number])
                        outputs.append(branches[place, number])
                    else:
                        outputs.append(predict(cache, current))
                used.append(torch.stack(outputs))
                flags.append(int(current["type"] == "full"))
            return torch.stack(used), flags

        branch_case(name, seed, True, run)

    def hermite(cache: dict, current: dict) -> torch.Tensor:
        # it counts up: distances and odd differences change their sign together, but the polynomials see the distance alone
        own = cache["cache"][-1][current["layer"]][current["module"]]
        kept = {i: value * (-1) ** i for i, value in own.items()}
        streams = {"cache": {-1: {"s": {current["layer"]: {current["module"]: kept}}}}, "max_order": cache["max_order"],
                   "hicache_scale_factor": 0.5}
        up = {"stream": "s", "layer": current["layer"], "module": current["module"], "step": -current["step"],
              "activated_steps": [-step for step in current["activated_steps"]]}
        return hicache._hicache_prediction_formula(streams, up)

    case("taylor_seer", 6, 2, 4, taylor.taylor_formula)
    case("taylor_seer_order_4", 7, 4, 3, taylor.taylor_formula)
    case("taylor_seer_hermite", 8, 2, 4, hermite)


def dmd(sources: Path) -> None:
    module = importlib.import_module("cache_dit.caching.cache_contexts.calibrators.dmd")

    def run(branches: torch.Tensor) -> tuple[torch.Tensor, list[int]]:
        states = [module.DMDState(history=6, n_derivatives=1) for _ in range(2 * BLOCKS)]
        used, flags = [], []
        for place in range(PLACES):
            whole = place < 8  # its fallback, before four outputs are kept, takes the difference to the last but one
            outputs = []
            for number, state in enumerate(states):
                state.mark_step_begin()
                if whole:
                    state.update(branches[place, number][None])
                    outputs.append(branches[place, number])
                else:
                    outputs.append(state.approximate()[0])
            used.append(torch.stack(outputs))
            flags.append(int(whole))
        return torch.stack(used), flags

    branch_case("taylor_seer_dmd", 9, False, run)
