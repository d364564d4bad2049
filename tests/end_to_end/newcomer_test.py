"""What a newcomer tries first: files beside a suite, mistakes in it, tables as parameters, names, quiet, ranks in one file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tensor_files
from program import ROOT, diffbench, run_ok

SUITE = """name = "near"
[run]
model = "deep"
batch = [2]
device = "cpu"
[[method]]
name = "full"
[[method]]
name = "duodiff"
shallow = "deep/shallow"
deep_method = "fixed_exit"
deep_params = {exit = 3}
switch_t = 500
[[solver]]
name = "ddim"
grid = "trailing"
steps = [2]
[timing]
min_rounds = 2
max_rounds = 2
warmup_max_seconds = 0
[quality]
samples = 0
"""


@pytest.fixture
def near(models: Path) -> Path:
    (models / "near.toml").write_text(SUITE)
    return models / "near.toml"


def test_relative_paths_are_found_beside_the_suite(near: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    document = json.loads(run_ok("run", near, "--db", elsewhere / "r.db", "--json", cwd=elsewhere).stdout)
    assert [cell["status"] for cell in document["cells"]] == ["ok", "ok"]
    assert document["cells"][1]["blocks_ratio"] < 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('model = "deep"', 'model = "dep"', "near.toml:3: [run] model: dep: no such zoo model"),
        ('name = "full"', 'name = "full"\nmodel = "dep"', "near.toml:8: [method[0]] model: dep: no such zoo model"),
        ('"deep/shallow"', '"shalow"', "near.toml:9: [method[1]] name: shalow: no such zoo model"),
        ("samples = 0", 'samples = 4\nextractor = "./e.pt"', "near.toml:24: [quality] extractor: ./e.pt: no such file"),
        ("samples = 0", 'samples = 4\nreference = "r.npz"', "near.toml:24: [quality] reference: r.npz: no such file"),
        ('name = "near"', 'name = "near"\nplugins = ["p.so"]', "near.toml:2: plugins: p.so: no such file"),
    ],
)
def test_the_suites_line_is_named(near: Path, old: str, new: str, message: str) -> None:
    near.write_text(SUITE.replace(old, new, 1))
    result = diffbench("run", near, "--db", near.parent / "r.db")
    assert result.returncode == 2 and message in result.stderr and result.stderr.count("\n") == 1, result.stderr
    assert not (near.parent / "r.db").exists()


def test_an_override_is_named_as_such(near: Path) -> None:
    result = diffbench("run", near, "--db", near.parent / "r.db", "--set", "run.model=nowhere")
    assert result.returncode == 2 and "--set run.model=nowhere: [run] model: nowhere: no such zoo model" in result.stderr, result.stderr


def test_a_table_of_parameters_on_the_command_line(models: Path) -> None:
    for given in ('deep_params={"exit": 3}', 'deep_params="{\\"exit\\": 3}"'):
        result = run_ok("sample", "--model", models / "deep", "--method", "duodiff", "--param", "switch_t=0", "--param", "deep_method=fixed_exit", "--param", given,
                        "--num", 1, "--steps", 2, "--out", models / "out", "--json")
        assert json.loads(result.stdout)["blocks_per_sample"] > 0


def test_quiet_says_nothing_but_the_answer(near: Path) -> None:
    result = run_ok("run", near, "--db", near.parent / "r.db", "--quiet")
    assert result.stderr == "" and "full" in result.stdout
    assert all(len(line) <= 100 for line in result.stdout.splitlines() if "disturbed" not in line), result.stdout


def test_the_table_stands_alone_where_ranks_write_into_one_file(near: Path) -> None:
    result = diffbench("run", near, "--db", near.parent / "r.db", ranks=2)
    assert result.returncode == 0 and " left" not in result.stderr, result.stderr  # progress: a line a minute
    assert "\r" not in result.stderr and "\033" not in result.stdout + result.stderr


def test_fid_takes_the_names_of_list_metrics(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    for name in ("a", "b"):
        np.savez(tmp_path / f"{name}.npz", features=random.normal(size=(60, 5)), logits=random.normal(size=(60, 3)))
    names = ["fid", "kid", "inception_score", "precision", "recall"]
    assert set(names) <= {metric["name"] for metric in json.loads(run_ok("list", "metrics", "--json").stdout)}
    document = json.loads(run_ok("fid", tmp_path / "a.npz", tmp_path / "b.npz", "--metrics", ",".join(names), "--kid-subsets", 0, "--json").stdout)
    assert {name: metric["n"] for name, metric in document.items()} == dict.fromkeys(("fid", "kid", "is", "precision", "recall"), [60, 60])


def test_selfcheck_of_a_broken_model_fails_and_says_why(near: Path) -> None:
    weights = near.parent / "deep/weights.safetensors"
    tensors = tensor_files.read(weights)
    tensor_files.write(weights, tensors | {"decoder_pred.bias": np.full_like(tensors["decoder_pred.bias"], np.nan)})
    result = diffbench("selfcheck", "--suite", near, "--minutes", 0.05)
    assert result.returncode == 1 and "error: full/" in result.stderr and "samples are not finite" in result.stderr, result.stderr


def test_a_recipes_line_is_named(tmp_path: Path) -> None:
    recipe = (ROOT / "methods/zoo/fashion_mnist/static_schedule/recipe.toml").read_text().splitlines()
    recipe = ['start_model = "nowhere"' if line.startswith("start_model") else line for line in recipe]
    recipe = [f'model = "{ROOT}/methods/zoo/fashion_mnist/static_schedule/model.toml"' if line.startswith("model =") else line for line in recipe]
    (tmp_path / "recipe.toml").write_text("\n".join(recipe))
    result = diffbench("train", tmp_path / "recipe.toml")
    line = recipe.index('start_model = "nowhere"') + 1
    assert result.returncode == 2 and f"recipe.toml:{line}: [denoiser] start_model: nowhere: no such zoo model" in result.stderr, result.stderr
