"""Recorded sequences of block inputs and outputs, and what runs single functions of the authors' files over them. Used by
make_goldens.py and branch_goldens.py."""

from __future__ import annotations

import __future__
import ast
import math
import sys
import types
import typing
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

OUT = Path(__file__).parent / "goldens"
PLACES, BLOCKS, ROWS, TOKENS, WIDTH = 14, 4, 3, 6, 8


def wave(generator: torch.Generator, *shape: int, speed: float) -> torch.Tensor:
    """Smooth sequences over places [P, *shape]: something that a cache can follow, the rows at different speeds."""
    base, slope, bend = (torch.randn(*shape, generator=generator) for _ in range(3))
    rows = torch.linspace(0.5, 1.5, ROWS).reshape([ROWS if size == ROWS else 1 for size in shape])
    x = torch.linspace(0, 1, PLACES).reshape(PLACES, *[1] * len(shape)) * speed * rows
    return base + slope * x + 0.5 * bend * torch.sin(3 * x)


def functions_of(file: Path, *names: str, **given: object) -> types.SimpleNamespace:
    """Single functions of a file whose imports are not to be had here."""
    tree = ast.parse(file.read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in names]
    space = {"torch": torch, "np": np, "math": math, "Dict": dict, **given}
    exec(compile(tree, str(file), "exec", __future__.annotations.compiler_flag), space)
    return types.SimpleNamespace(**{name: space[name] for name in names})


def package(name: str, folder: Path) -> None:
    """A package whose __init__ is not run."""
    module = types.ModuleType(name)
    module.__path__ = [str(folder)]
    sys.modules[name] = module


def save(name: str, **tensors: torch.Tensor) -> None:
    save_file({key: value.contiguous().to(torch.float32 if value.is_floating_point() else torch.int64) for key, value in tensors.items()},
              OUT / f"{name}.safetensors")
    if "computed" in tensors:
        print(name, *("".join(map(str, row)) for row in tensors["computed"].T.tolist()))


def recorded(seed: int, entered_speed: float, change_speed: float) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return (wave(generator, ROWS, TOKENS, WIDTH, speed=entered_speed),
            wave(generator, BLOCKS, ROWS, TOKENS, WIDTH, speed=change_speed))


class Block(torch.nn.Module):
    """Adds what was recorded for the place and row that its owner stands at."""

    def __init__(self, owner: "Network", number: int) -> None:
        super().__init__()
        object.__setattr__(self, "owner", owner)
        self.number = number

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        self.owner.ran.add(self.number)
        return hidden_states + self.owner.changes[self.owner.place, self.number, self.owner.row][None]


class Network(torch.nn.Module):
    def __init__(self, entered: torch.Tensor, changes: torch.Tensor, row: int) -> None:
        super().__init__()
        self.entered, self.changes, self.row, self.place, self.ran = entered, changes, row, 0, set()
        self.transformer_blocks = torch.nn.ModuleList(Block(self, number) for number in range(changes.shape[1]))

    def forward(self) -> torch.Tensor:
        hidden = self.entered[self.place, self.row][None]
        for block in self.transformer_blocks:
            hidden = block(hidden)
        return hidden[0]


def run_rows(step: typing.Callable[[Network], torch.Tensor], entered: torch.Tensor, changes: torch.Tensor, reused_block: int,
             prepare: typing.Callable[[Network], None] = lambda network: None) -> dict[str, torch.Tensor]:
    expected, computed = [], []
    for row in range(ROWS):
        network = Network(entered, changes, row)
        prepare(network)
        outputs, flags = [], []
        for place in range(PLACES):
            network.place, network.ran = place, set()
            outputs.append(step(network))
            flags.append(int(reused_block in network.ran))
        expected.append(torch.stack(outputs))
        computed.append(flags)
    return {"expected": torch.stack(expected, 1), "computed": torch.tensor(computed).T}
