#!/usr/bin/env python3
"""Writes goldens/*.safetensors: what the authors' own code does with recorded sequences of block inputs and outputs.

    make_goldens.py SOURCES     SOURCES holds clones of the repositories in PINNED, at those commits

Every file holds, for P places and R rows: what the recorded network gives (`entered` [P,R,L,D], `changes` [P,B,R,L,D] of
whole blocks, or `branches` [P,2B,R,L,D]), `expected` [P,R,L,D], and `computed` [P,R], whether the reused part ran. Rows
go through the authors' code one at a time, since it decides by the batch. Versions: requirements.txt."""

from __future__ import annotations

import importlib
import logging
import math
import sys
import types
import typing
from pathlib import Path

import torch

from branch_goldens import dmd, fora, taylor_seer
from recorded_sequences import BLOCKS, OUT, PLACES, ROWS, TOKENS, WIDTH, Block, Network, functions_of, package, recorded, run_rows, save, wave

PINNED = {
    "cache-dit": "f86744af7daa0f569fe4324e73e3e50cebf70f4c", "TeaCache": "7c10efc4702c6b619f47805f7abe4a7a08085aa0",
    "EasyCache": "51278044023e678bb4026a264b02a6721f6dd395", "FORA": "acde628eb1c9605015542c91040c401919369487",
    "TaylorSeer": "288776dfd0cbb6e201c654c31cd22139f848a6cf", "tomesd": "27a14a372beecaa85c101fb588631643f379b8ce",
    "DeepCache": "1691a3ab22308fe06685e4ff151a9ab175be2dc4", "SmoothCache": "edeb4edff2a7e100364cdc4ab1ee6dca45aeaa40",
    "CFGCache": "bf339cb26f7a09cb98d0fb90abc50145fe2aa0dd",
}


def diffusers_caches() -> None:
    from diffusers.hooks import hooks
    from diffusers.hooks._helpers import TransformerBlockMetadata, TransformerBlockRegistry
    from diffusers.hooks.first_block_cache import FirstBlockCacheConfig, apply_first_block_cache
    from diffusers.hooks.mag_cache import MagCacheConfig, apply_mag_cache

    TransformerBlockRegistry.register(Block, TransformerBlockMetadata(return_hidden_states_index=0))
    context = lambda network: hooks._set_cache_context(network, hooks.CacheContext(name="inference"))

    def step(network: Network) -> torch.Tensor:
        return network()

    entered, changes = recorded(1, 1.0, 1.0)

    def first(network: Network) -> None:
        apply_first_block_cache(network, FirstBlockCacheConfig(threshold=0.12))
        context(network)

    save("first_block_cache", entered=entered, changes=changes, **run_rows(step, entered, changes, 1, first))
    ratios = [1.0] + [1.0 + 0.06 * math.cos(i) for i in range(1, 9)]

    def mag(network: Network) -> None:
        apply_mag_cache(network, MagCacheConfig(threshold=0.08, max_skip_steps=3, retention_ratio=0.2, num_inference_steps=PLACES,
                                                mag_ratios=ratios))
        context(network)

    save("mag_cache", entered=entered, changes=changes, ratios=torch.tensor(ratios), **run_rows(step, entered, changes, 0, mag))


def db_cache(sources: Path) -> None:
    root = sources / "cache-dit/src/cache_dit"
    for name, folder in {"cache_dit": root, "cache_dit.caching": root / "caching",
                         "cache_dit.caching.cache_contexts": root / "caching/cache_contexts",
                         "cache_dit.caching.cache_contexts.calibrators": root / "caching/cache_contexts/calibrators"}.items():
        package(name, folder)
    loggers = types.ModuleType("cache_dit.logger")
    loggers.init_logger = logging.getLogger
    sys.modules["cache_dit.logger"] = loggers
    calibrators = "cache_dit.caching.cache_contexts.calibrators"
    sys.modules[calibrators].CalibratorBase = importlib.import_module(f"{calibrators}.base").CalibratorBase
    for name in ("Calibrator", "CalibratorConfig"):
        setattr(sys.modules[calibrators], name, type(name, (), {}))
    config = importlib.import_module("cache_dit.caching.cache_contexts.cache_config")
    manager_module = importlib.import_module("cache_dit.caching.cache_contexts.cache_manager")
    entered, changes = recorded(2, 1.0, 1.2)

    def case(name: str, front: int, back: int, **options: object) -> None:
        def prepare(network: Network) -> None:
            network.manager = manager_module.CachedContextManager(name="manager")
            network.manager.new_context(name="context", cache_config=config.BasicCacheConfig(
                Fn_compute_blocks=front, Bn_compute_blocks=back, num_inference_steps=PLACES, enable_separate_cfg=False, **options))
            network.manager.set_context("context")

        def step(network: Network) -> torch.Tensor:  # CachedBlocks_Pattern_Base.forward, without what is not a decision
            manager, blocks = network.manager, network.transformer_blocks
            start = network.entered[network.place, network.row][None]
            hidden = start
            for block in blocks[:front]:
                hidden = block(hidden)
            residual = hidden - start
            manager.mark_step_begin()
            if manager.can_cache(residual, prefix="Fn_residual"):
                manager.add_cached_step()
                hidden, _ = manager.apply_cache(hidden, None, prefix="Bn_residual")
            else:
                manager.set_Fn_buffer(residual, prefix="Fn_residual")
                before = hidden
                for block in blocks[front:BLOCKS - back]:
                    hidden = block(hidden)
                manager.set_Bn_buffer(hidden - before, prefix="Bn_residual")
            for block in blocks[BLOCKS - back:]:
                hidden = block(hidden)
            return hidden[0]

        save(name, entered=entered, changes=changes, **run_rows(step, entered, changes, front, prepare))

    case("db_cache", 2, 1, residual_diff_threshold=0.2, max_warmup_steps=3)
    case("db_cache_limits", 1, 0, residual_diff_threshold=0.3, max_warmup_steps=1, max_cached_steps=5)
    case("db_cache_continuous", 1, 0, residual_diff_threshold=0.9, max_warmup_steps=1, max_continuous_cached_steps=2)
    mask = [1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1]
    case("db_cache_mask", 1, 1, residual_diff_threshold=0.1, max_warmup_steps=1, steps_computation_mask=mask,
         steps_computation_policy="static")


def tea_cache(sources: Path) -> None:
    quiet = types.SimpleNamespace(warning=lambda *_: None)
    forward = functions_of(sources / "TeaCache/TeaCache4FLUX/teacache_flux.py", "teacache_forward", logger=quiet, USE_PEFT_BACKEND=False,
                           scale_lora_layers=None, unscale_lora_layers=None).teacache_forward
    entered, changes = recorded(3, 1.0, 1.0)
    inputs = wave(torch.Generator().manual_seed(33), ROWS, TOKENS, WIDTH, speed=2.5)

    def prepare(network: Network) -> None:
        class Joint:  # the first block: its norm is looked at, then it runs all of them
            def norm1(self, hidden, emb):
                return inputs[network.place, network.row][None], None, None, None, None

            def __call__(self, hidden_states, encoder_hidden_states, **_):
                for block in network.transformer_blocks:
                    hidden_states = block(hidden_states)
                return encoder_hidden_states, hidden_states

        same = lambda x, *_: x
        network.flux = types.SimpleNamespace(
            x_embedder=same, time_text_embed=lambda *_: torch.zeros(1, 1), context_embedder=same, pos_embed=lambda ids: None,
            transformer_blocks=[Joint()], single_transformer_blocks=[], norm_out=same, proj_out=same, enable_teacache=True, cnt=0,
            num_steps=PLACES, rel_l1_thresh=0.25, accumulated_rel_l1_distance=0, previous_modulated_input=None, previous_residual=None)

    def step(network: Network) -> torch.Tensor:
        start = network.entered[network.place, network.row][None].clone()  # it adds in place
        return forward(network.flux, start, encoder_hidden_states=torch.zeros(1, 0, WIDTH), pooled_projections=None,
                       timestep=torch.zeros(1), img_ids=torch.zeros(1, 3), txt_ids=torch.zeros(0, 3), return_dict=False)[0][0].clone()

    save("tea_cache", entered=entered, changes=changes, inputs=inputs,
         coefficients=torch.tensor([4.98651651e+02, -2.83781631e+02, 5.58554382e+01, -3.82021401e+00, 2.64230861e-01]),
         **run_rows(step, entered, changes, 0, prepare))


def easy_cache(sources: Path) -> None:
    class Autocast:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return False

    forward = functions_of(sources / "EasyCache/EasyCache4Wan2.1/easycache_generate.py", "easycache_forward",
                           amp=types.SimpleNamespace(autocast=lambda **_: Autocast()),
                           sinusoidal_embedding_1d=lambda width, t: torch.zeros(1, 1)).easycache_forward
    entered, changes = recorded(4, 1.0, 1.0)
    changes = changes[:, :1]
    changes[:] = 0.3 * changes
    # the network's output is entered + change; its input is another sequence
    x = wave(torch.Generator().manual_seed(44), ROWS, TOKENS, WIDTH, speed=0.8)
    places, rows = x.shape[:2]
    expected, computed = [], []
    for row in range(rows):
        state = {}
        wan = types.SimpleNamespace(
            model_type="t2v", patch_embedding=type("Embedding", (), {"weight": torch.zeros(1), "__call__": lambda self, u: u})(),
            freqs=torch.zeros(1), freq_dim=1, time_embedding=lambda e: torch.zeros(1, 6), time_projection=lambda e: torch.zeros(1, 6), dim=1,
            text_embedding=lambda c: c, text_len=1, blocks=[], head=lambda x, e: x, cnt=0, num_steps=2 * places, ret_steps=2 * 2,
            cutoff_steps=2 * places - 2, thresh=0.12)

        def unpatchify(_x, _sizes):
            state["ran"] = 1
            return [(entered[state["place"], row] + changes[state["place"], 0, row])[:, None, :, None]]

        wan.unpatchify = unpatchify
        outputs, flags = [], []
        for place in range(places):
            for half in range(2):  # conditional, then unconditional: here the same
                state.update(place=place, ran=0)
                result = forward(wan, [x[place, row][:, None, :, None]], torch.zeros(1), [torch.zeros(1, 1)], 10**6)
                if half == 0:
                    outputs.append(result[0][:, 0, :, 0].clone())
                    flags.append(state["ran"])
        expected.append(torch.stack(outputs))
        computed.append(flags)
    save("easy_cache", entered=entered, changes=changes, x=x, expected=torch.stack(expected, 1), computed=torch.tensor(computed).T)


def schedules(sources: Path) -> None:
    spacing = functions_of(sources / "DeepCache/DeepCache/sd/pipeline_stable_diffusion.py", "sample_from_quad_center").sample_from_quad_center
    rows = []
    for places, interval, center, power in [(50, 3, 15, 1.4), (50, 5, 15, 1.4), (20, 3, 6, 1.4), (50, 10, 10, 1.2), (20, 2, 15, 1.4), (10, 3, 9, 1.4)]:
        whole, _ = spacing(places, math.ceil(places / interval), center, power)
        rows.append([places, interval, center, round(power * 100), *[int(place in whole) for place in range(50)]])
    package("SmoothCache", sources / "SmoothCache/SmoothCache")
    package("SmoothCache.calibration", sources / "SmoothCache/SmoothCache/calibration")
    helper = importlib.import_module("SmoothCache.calibration.calibration_helper").CalibrationHelper
    generator = torch.Generator().manual_seed(10)
    errors = torch.rand(3, PLACES, generator=generator) * torch.tensor([[0.8], [1.0], [1.2]])
    own = types.SimpleNamespace(schedule_length=PLACES)
    smooth = [helper._scan_nrows_sublists(own, [errors[lag, : PLACES - lag - 1].tolist() for lag in range(3)], alpha) for alpha in (0.2, 0.5)]
    save("schedules", quadratic=torch.tensor(rows), errors=errors, smooth=torch.tensor(smooth))


def token_merge(sources: Path) -> None:
    sys.path.insert(0, str(sources / "tomesd"))
    merge_module = importlib.import_module("tomesd.merge")
    generator = torch.Generator().manual_seed(11)
    for name, side, merged in [("token_merge_even", 6, 18), ("token_merge_odd", 7, 20)]:
        metric, x = torch.randn(ROWS, side * side, WIDTH, generator=generator), torch.randn(ROWS, side * side, WIDTH, generator=generator)
        merge, unmerge = merge_module.bipartite_soft_matching_random2d(metric, side, side, 2, 2, merged, no_rand=True)
        # the order of merged tokens is theirs: equal keys are sorted at the library's will
        save(name, metric=metric, x=x, unmerged=unmerge(merge(x) * 2.0), sizes=torch.tensor([side, merged]))


def guidance_reuse() -> None:
    from diffusers.hooks import faster_cache

    generator = torch.Generator().manual_seed(12)
    labelled, null = (wave(generator, ROWS, 2, TOKENS, WIDTH, speed=1.0) for _ in range(2))
    times = [950 - 70 * place for place in range(PLACES)]
    expected, computed = [], []
    for row in range(ROWS):
        state = {}
        weight = lambda low, high: lambda _module: 1.1 if low < times[state["place"]] < high else 1.0
        hook = faster_cache.FasterCacheDenoiserHook(3, (-1, 641), "BCHW", False, ["x"], lambda: times[state["place"]], weight(99, 901),
                                                    weight(-1, 301))
        hook.initialize_hook(None)

        def network(x: torch.Tensor) -> torch.Tensor:
            state["ran"] = x.shape[0]
            rows = [null[state["place"], row], labelled[state["place"], row]]
            return torch.stack(rows[-x.shape[0]:])

        hook.fn_ref = types.SimpleNamespace(original_forward=network)
        outputs, flags = [], []
        for place in range(PLACES):
            state["place"] = place
            outputs.append(hook.new_forward(None, x=torch.zeros(2, 1))[0])
            flags.append(int(state["ran"] == 2))
        expected.append(torch.stack(outputs))
        computed.append(flags)
    save("guidance_reuse", labelled=labelled, null=null, times=torch.tensor(times), expected=torch.stack(expected, 1),
         computed=torch.tensor(computed).T)


@torch.no_grad()
def main() -> None:
    sources = Path(sys.argv[1])
    OUT.mkdir(exist_ok=True)
    diffusers_caches()
    db_cache(sources)
    tea_cache(sources)
    easy_cache(sources)
    fora(sources)
    taylor_seer(sources)
    dmd(sources)
    schedules(sources)
    token_merge(sources)
    guidance_reuse()


if __name__ == "__main__":
    main()
