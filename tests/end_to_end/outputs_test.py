"""What other programs rely on: one JSON document on stdout, batches that do not matter, given noise, equal FIDs."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

import tensor_files
from program import ROOT, diffbench, run_ok, write_uvit

SOLVERS = [("ddim", "trailing"), ("ddpm", "leading"), ("dpm_solver_pp_2m", "linspace")]


def one_document(*arguments: object, **options):
    text = run_ok(*arguments, "--json", **options).stdout
    document, end = json.JSONDecoder().raw_decode(text)
    assert text[end:].strip() == "", "more than one document on stdout"
    return document


def samples_of(model: Path, out: Path, *more: object) -> bytes:
    run_ok("sample", "--model", model, "--out", out, *more)
    return out.read_bytes()


@pytest.mark.parametrize("ranks", [0, 2])
def test_run_prints_one_document(suite: Path, ranks: int) -> None:
    document = one_document(
        "run", suite, "--db", suite.parent / "r.db", "--only", "full/ddim", "--set", "quality.samples=0", ranks=ranks
    )
    assert [cell["status"] for cell in document["cells"]] == ["ok"]


def test_sample_eval_and_fid_print_one_document(models: Path) -> None:
    deep = models / "deep"
    document = one_document("sample", "--model", deep, "--num", 3, "--steps", 2, "--out", models / "s.npz")
    assert document["num"] == 3 and document["evaluations"] == 2 and document["blocks_per_sample"] == 2 * 5
    early = one_document("sample", "--model", deep, "--num", 3, "--steps", 2, "--out", models / "e.npz", "--method", "fixed_exit", "--param", "exit=2")
    assert early["blocks_per_sample"] == 2 * 2 and early["flops_per_sample"] < document["flops_per_sample"]
    tensor_files.write(models / "in.safetensors", {"x": np.zeros((2, 1, 28, 28), np.float32), "t": np.zeros(2, np.float32)})
    one_document("eval", "--model", deep, "--input", models / "in.safetensors", "--out", models / "out.safetensors")
    assert set(one_document("fid", models / "s.npz", models / "s.npz", "--extractor", "fashion_mnist")) == {"fid"}


@pytest.mark.parametrize("kind", ["methods", "solvers", "grids", "backbones", "metrics", "modes", "suites"])
def test_list_prints_one_array_and_the_same_names_as_text(kind: str) -> None:
    entries = one_document("list", kind)
    text = run_ok("list", kind).stdout
    assert isinstance(entries, list) and all(entry["name"] in text for entry in entries)


@pytest.mark.parametrize(("solver", "grid"), SOLVERS)
def test_the_same_seed_gives_the_same_bytes_for_any_batch(models: Path, solver: str, grid: str) -> None:
    options = ["--num", 7, "--steps", 4, "--solver", solver, "--grid", grid, "--seed", 11]
    for model in (models / "mixture", models / "deep"):
        whole = samples_of(model, models / "whole.npz", *options, "--batch", 7)
        assert whole == samples_of(model, models / "again.npz", *options, "--batch", 7)
        assert whole == samples_of(model, models / "parts.npz", *options, "--batch", 3)


def test_given_noise_replaces_the_seed(models: Path) -> None:
    random = np.random.default_rng(7)
    noise, steps = random.standard_normal((4, 1, 28, 28)), random.standard_normal((5, 4, 1, 28, 28))

    def draw(name: str, *more: object, **tensors: np.ndarray) -> np.ndarray:
        tensor_files.write(models / "noise.safetensors", {key: value.astype(np.float32) for key, value in tensors.items()})
        arguments = ["--num", 3, "--steps", 5, "--solver", "ddpm", "--grid", "leading", "--noise", models / "noise.safetensors"]
        run_ok("sample", "--model", models / "deep", "--out", models / name, *arguments, *more)
        return tensor_files.read(models / name)["samples"]

    first = draw("a.safetensors", "--seed", 1, noise=noise, step_noise=steps)
    np.testing.assert_array_equal(draw("b.safetensors", "--seed", 2, noise=noise, step_noise=steps), first)
    np.testing.assert_allclose(draw("c.safetensors", "--batch", 2, noise=noise, step_noise=steps), first, atol=1e-5)
    surplus = np.concatenate([steps, 9 * steps])
    np.testing.assert_array_equal(draw("d.safetensors", noise=noise, step_noise=surplus), first)
    assert np.abs(draw("e.safetensors", noise=noise, step_noise=-steps) - first).max() > 1e-2
    assert np.abs(draw("f.safetensors", noise=-noise, step_noise=steps) - first).max() > 1e-2


def test_a_trace_holds_every_evaluation(models: Path) -> None:
    run_ok("sample", "--model", models / "deep", "--num", 3, "--batch", 3, "--steps", 4, "--out", models / "s.safetensors", "--trace", models / "t.safetensors")
    trace = tensor_files.read(models / "t.safetensors")
    assert {name: value.shape for name, value in trace.items()} == {"t": (4,), "x": (4, 3, 1, 28, 28), "eps": (4, 3, 1, 28, 28)}
    inputs = {"x": trace["x"][1], "t": np.full(3, trace["t"][1]), "y": np.arange(3)}
    tensor_files.write(models / "in.safetensors", inputs)
    run_ok("eval", "--model", models / "deep", "--input", models / "in.safetensors", "--out", models / "out.safetensors")
    np.testing.assert_allclose(tensor_files.read(models / "out.safetensors")["eps"], trace["eps"][1], atol=1e-6)


def test_the_shallow_model_of_duodiff_is_chosen_by_path(models: Path) -> None:
    other = write_uvit(models / "other", depth=2, seed=9)
    options = ["--num", 2, "--steps", 4, "--method", "duodiff", "--param", "switch_t=500"]
    beside = samples_of(models / "deep", models / "a.npz", *options)
    named = samples_of(models / "deep", models / "b.npz", *options, "--param", f"shallow={models}/deep/shallow")
    different = samples_of(models / "deep", models / "c.npz", *options, "--param", f"shallow={other}")
    assert beside == named != different


def test_fid_of_stored_features_equals_that_of_their_statistics(models: Path) -> None:
    random = np.random.default_rng(5)
    a, b = random.standard_normal((60, 6)), random.standard_normal((40, 6)) @ random.standard_normal((6, 6)) + 0.3
    np.savez(models / "a.npz", features=a)
    np.savez(models / "b.npz", features=b)
    np.savez(models / "stats.npz", mu=b.mean(0), sigma=np.cov(b, rowvar=False))
    tensor_files.write(models / "b.safetensors", {"features": b})
    covariances = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    roots = np.sqrt(np.linalg.eigvals(covariances[0] @ covariances[1]).real.clip(0)).sum()
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(covariances[0] + covariances[1]) - 2 * roots
    for reference, rows in (("b.npz", 40), ("b.safetensors", 40), ("stats.npz", None)):
        fid = one_document("fid", models / "a.npz", models / reference)["fid"]
        assert fid["value"] == pytest.approx(expected, rel=1e-9)
        assert fid["n"][0] == 60 and fid["n"][1] == rows


def test_run_judges_the_images_that_sample_writes(suite: Path) -> None:
    cells = one_document("run", suite, "--db", suite.parent / "r.db", "--only", "full/ddim")["cells"]
    images = suite.parent / "s.npz"
    samples_of(suite.parent / "deep", images, "--num", 96, "--batch", 8, "--seed", 5, "--steps", 3, "--threads", 1, "--device", "cpu")
    reference = ROOT / "methods/zoo/fashion_mnist/reference.npz"
    fid = one_document("fid", images, reference, "--extractor", "fashion_mnist")["fid"]["value"]
    assert fid == pytest.approx(cells[0]["fid"], rel=1e-6)
    with sqlite3.connect(suite.parent / "r.db") as connection:
        stored = connection.execute("SELECT sample_index, label, pixels FROM sample ORDER BY sample_index").fetchall()
    arrays = np.load(images)
    assert [index for index, *_ in stored] == [0, 1, 2, 3]
    for index, label, pixels in stored:
        assert label == arrays["arr_1"][index] and pixels == arrays["arr_0"][index].tobytes()


def test_train_prints_one_document(tmp_path: Path) -> None:
    from PIL import Image

    write_uvit(tmp_path / "net", depth=2, seed=3, image=8, classes=0)
    (tmp_path / "images").mkdir()
    for i in range(8):
        Image.fromarray(np.full((8, 8), 30 * i, np.uint8)).save(tmp_path / f"images/{i}.png")
    recipe = tmp_path / "net/recipe.toml"
    recipe.write_text(
        'task = "denoiser"\nmodel = "model.toml"\n[data]\nname = "image_folder"\n[optimizer]\nsteps = 6\nbatch = 4\nlog_every_steps = 2\n'
    )
    out = tmp_path / "out"
    one_document("train", recipe, "--data", tmp_path / "images", "--out", out, "--state", tmp_path / "state")
    run_ok("sample", "--model", out, "--num", 1, "--steps", 2, "--out", tmp_path / "s.npz")
    assert len((out / "recipe.log.csv").read_text().splitlines()) == 1 + 3
    assert diffbench("train", recipe, "--data", tmp_path / "empty", "--out", out, "--state", tmp_path / "new").returncode == 2
