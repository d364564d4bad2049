"""sample, eval, list, fid and train, as other programs call them."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tensor_files
from program import ENVIRONMENT, ROOT, command, diffbench, run_ok, write_uvit


def sample(model: Path, out: Path, *more: object) -> Path:
    run_ok("sample", "--model", model, "--out", out, *more)
    return out


def alphas_cumprod() -> np.ndarray:
    return np.cumprod(1.0 - np.linspace(1e-4, 0.02, 1000))


def mixture_eps(x: np.ndarray, t: int) -> np.ndarray:
    """the closed form of models/mixture, written down a second time"""
    a = alphas_cumprod()[t]
    alpha, sigma = np.sqrt(a), np.sqrt(1 - a)
    densities, scores = [], []
    for weight, mean, std in ((0.3, -0.6, 0.1), (0.7, 0.5, 0.2)):
        variance = alpha**2 * std**2 + sigma**2
        offset = x - alpha * mean
        densities.append(weight / np.sqrt(variance) * np.exp(-0.5 * offset**2 / variance))
        scores.append(-offset / variance)
    total = sum(densities)
    return -sigma * sum(d * s for d, s in zip(densities, scores)) / total


def test_fp64_ddim_equals_numpy(models: Path) -> None:
    noise = np.random.default_rng(0).standard_normal((3, 1, 4, 4))
    tensor_files.write(models / "noise.safetensors", {"noise": noise})
    out = sample(models / "mixture", models / "s.safetensors", "--num", 3, "--steps", 10, "--solver", "ddim", "--grid",
                 "trailing", "--precision", "fp64", "--noise", models / "noise.safetensors", "--trace", models / "t.safetensors")
    samples = tensor_files.read(out)["samples"]
    assert samples.dtype == np.float64
    trace = tensor_files.read(models / "t.safetensors")
    assert list(trace["t"]) == [999 - 100 * i for i in range(10)]
    x, a = noise, alphas_cumprod()
    for step, t in enumerate(range(999, 0, -100)):
        np.testing.assert_allclose(trace["x"][step], x, atol=1e-10)
        eps = mixture_eps(x, t)
        np.testing.assert_allclose(trace["eps"][step], eps, atol=1e-10)
        x0 = (x - np.sqrt(1 - a[t]) * eps) / np.sqrt(a[t])
        previous = a[t - 100] if t >= 100 else 1.0
        x = np.sqrt(previous) * x0 + np.sqrt(1 - previous) * eps
    np.testing.assert_allclose(samples, x, atol=1e-10)


def test_a_sample_does_not_depend_on_its_batch(models: Path) -> None:
    whole = tensor_files.read(sample(models / "deep", models / "a.safetensors", "--num", 6, "--steps", 3, "--solver", "ddpm"))
    parts = tensor_files.read(sample(models / "deep", models / "b.safetensors", "--num", 6, "--steps", 3, "--solver", "ddpm", "--batch", 4))
    np.testing.assert_allclose(whole["samples"], parts["samples"], atol=1e-5)
    other = tensor_files.read(sample(models / "deep", models / "c.safetensors", "--num", 6, "--steps", 3, "--seed", 1))
    assert np.abs(other["samples"] - whole["samples"]).max() > 0.1


def test_the_three_outputs_hold_the_same_images(models: Path) -> None:
    options = ["--num", 5, "--steps", 2]
    raw = tensor_files.read(sample(models / "deep", models / "s.safetensors", *options))["samples"]
    expected = np.clip(np.round((raw.astype(np.float64) + 1) / 2 * 255), 0, 255).astype(np.uint8)
    arrays = np.load(sample(models / "deep", models / "s.npz", *options))
    assert arrays["arr_0"].shape == (5, 28, 28, 1) and arrays["arr_0"].dtype == np.uint8
    assert np.abs(arrays["arr_0"][..., 0].astype(int) - expected[:, 0].astype(int)).max() <= 1
    assert list(arrays["arr_1"]) == [0, 1, 2, 3, 4]
    folder = sample(models / "deep", models / "images", *options)
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"{i:06d}.png" for i in range(5)]
    np.testing.assert_array_equal(np.asarray(Image.open(folder / names[3])), arrays["arr_0"][3, :, :, 0])


def test_labels_are_honoured(models: Path) -> None:
    for name, labels in (("a", [3, 3]), ("b", [3, 10])):
        tensor_files.write(models / f"{name}.safetensors", {"labels": np.array(labels, np.int64)})
    a, b = (
        tensor_files.read(sample(models / "deep", models / f"s{n}.safetensors", "--num", 2, "--steps", 2, "--labels", models / f"{n}.safetensors"))["samples"]
        for n in "ab"
    )
    np.testing.assert_array_equal(a[0], b[0])
    assert np.abs(a[1] - b[1]).max() > 1e-4


def test_without_a_null_label_every_class_is_drawn_and_nothing_is_guided(models: Path) -> None:
    model = write_uvit(models / "classes_only", depth=2, seed=3, classes=3, null=False)
    assert list(np.load(sample(model, models / "s.npz", "--num", 4, "--steps", 2))["arr_1"]) == [0, 1, 2, 0]
    options = ["sample", "--model", model, "--num", 4, "--steps", 2, "--out", models / "never.npz"]
    guided = diffbench(*options, "--guidance", 2)
    assert (guided.returncode, len(guided.stderr.splitlines())) == (2, 1) and "has no null label" in guided.stderr
    tensor_files.write(models / "labels.safetensors", {"labels": np.full(4, 3, np.int64)})
    labelled = diffbench(*options, "--labels", models / "labels.safetensors")
    assert labelled.returncode == 2 and "must be 0 to 2" in labelled.stderr
    tensor_files.write(models / "in.safetensors", {"x": np.zeros((1, 1, 28, 28), np.float32), "t": np.zeros(1, np.float32)})
    unlabelled = diffbench("eval", "--model", model, "--input", models / "in.safetensors", "--out", models / "o.safetensors")
    assert unlabelled.returncode == 2 and "no tensor 'y'" in unlabelled.stderr


def test_text_in_place_of_labels(tmp_path: Path) -> None:
    model = ROOT / "tests/methods/backbones/goldens/context"  # 3 tokens of 5 numbers
    random = np.random.default_rng(2)
    texts = {"context": random.standard_normal((4, 3, 5)).astype(np.float32)}
    tensor_files.write(tmp_path / "texts.safetensors", texts)
    tensor_files.write(tmp_path / "with_null.safetensors", texts | {"null_context": np.zeros((3, 5), np.float32)})
    options = ["--num", 4, "--steps", 2, "--batch", 3, "--context"]
    plain = tensor_files.read(sample(model, tmp_path / "a.safetensors", *options, tmp_path / "texts.safetensors"))["samples"]
    guided = tensor_files.read(sample(model, tmp_path / "b.safetensors", *options, tmp_path / "with_null.safetensors", "--guidance", 3))["samples"]
    assert np.abs(plain - guided).max() > 1e-3
    tensor_files.write(tmp_path / "one.safetensors", {"context": texts["context"][:1]})
    alone = tensor_files.read(sample(model, tmp_path / "c.safetensors", "--num", 1, "--steps", 2, "--context", tmp_path / "one.safetensors"))["samples"]
    np.testing.assert_allclose(alone[0], plain[0], rtol=1e-4)
    kept = sample(model, tmp_path / "d.safetensors", *options, tmp_path / "texts.safetensors", "--method", "block_cache", "--param", "interval=1")
    np.testing.assert_allclose(tensor_files.read(kept)["samples"], plain, rtol=1e-4, atol=1e-5)
    tensor_files.write(tmp_path / "in.safetensors", {"x": np.zeros((1, 1, 8, 8), np.float32), "t": np.zeros(1, np.float32)})
    for arguments, word in (
        (["sample", *options[:-1]], "--context: "),
        (["sample", *options, tmp_path / "one.safetensors"], "one.safetensors: context: shape [1, 3, 5] instead of [N >= 4, 3, 5]"),
        (["sample", *options, tmp_path / "texts.safetensors", "--guidance", 3], "--guidance: needs the features of an empty text"),
        (["eval", "--input", tmp_path / "in.safetensors"], "in.safetensors: no tensor 'context'"),
    ):
        result = diffbench(*arguments, "--model", model, "--out", tmp_path / "never.safetensors")
        assert result.returncode == 2 and word in result.stderr, result.stderr


def test_eval_and_its_exits(models: Path) -> None:
    random = np.random.default_rng(1)
    source = models / "in.safetensors"
    tensor_files.write(source, {"x": random.standard_normal((2, 1, 28, 28)).astype(np.float32), "t": np.array([10.0, 700.5], np.float32), "y": np.array([1, 10], np.int64)})

    def evaluate(*more: object):
        return diffbench("eval", "--model", models / "deep", "--input", source, "--out", models / "out.safetensors", *more)

    assert evaluate().returncode == 0
    full = tensor_files.read(models / "out.safetensors")["eps"]
    assert full.shape == (2, 1, 28, 28)
    assert evaluate("--exit", 5).returncode == 0
    np.testing.assert_array_equal(tensor_files.read(models / "out.safetensors")["eps"], full)
    assert evaluate("--exit", 2).returncode == 0
    assert np.abs(tensor_files.read(models / "out.safetensors")["eps"] - full).max() > 1e-3
    for wrong in (0, 6, -1):
        result = evaluate("--exit", wrong)
        assert result.returncode == 2 and "--exit" in result.stderr


@pytest.mark.parametrize("kind", ["methods", "solvers", "grids", "backbones", "metrics", "modes", "suites"])
def test_list(kind: str) -> None:
    assert run_ok("list", kind).stdout.strip()
    assert json.loads(run_ok("list", kind, "--json").stdout)


def test_fid_against_itself_and_its_json(models: Path) -> None:
    features = np.random.default_rng(2).standard_normal((50, 8))
    np.savez(models / "a.npz", features=features)
    np.savez(models / "b.npz", features=features + 1.0)
    same = json.loads(run_ok("fid", models / "a.npz", models / "a.npz", "--json").stdout)
    assert same["fid"]["value"] == pytest.approx(0.0, abs=1e-9) and same["fid"]["n"] == [50, 50]
    shifted = json.loads(run_ok("fid", models / "a.npz", models / "b.npz", "--json", "--metrics", "fid,kid,prc").stdout)
    assert shifted["fid"]["value"] == pytest.approx(8.0, rel=1e-9)
    assert set(shifted) == {"fid", "kid", "precision", "recall"}
    images = sample(models / "deep", models / "s.npz", "--num", 4, "--steps", 1)
    zoo = json.loads(run_ok("fid", images, images, "--extractor", "fashion_mnist", "--json").stdout)
    assert zoo["fid"]["value"] == pytest.approx(0.0, abs=1e-6)


def test_a_killed_training_ends_with_the_same_weights(tmp_path: Path) -> None:
    write_uvit(tmp_path / "net", depth=2, seed=3, image=8, classes=0)
    (tmp_path / "images").mkdir()
    random = np.random.default_rng(4)
    for i in range(16):
        Image.fromarray(random.integers(0, 256, (8, 8), dtype=np.uint8)).save(tmp_path / f"images/{i:02d}.png")
    recipe = tmp_path / "net/recipe.toml"
    recipe.write_text(
        f'task = "denoiser"\nmodel = "model.toml"\n[data]\nname = "image_folder"\ndir = "{tmp_path}/images"\n'
        "[optimizer]\nsteps = 400\nbatch = 8\nlog_every_steps = 100\nsave_every_seconds = 0.05\n"
    )
    run_ok("train", recipe, "--out", tmp_path / "whole", "--state", tmp_path / "state1")
    arguments = ["train", recipe, "--out", tmp_path / "killed", "--state", tmp_path / "state2"]
    process = subprocess.Popen(command(*arguments), env=ENVIRONMENT, stderr=subprocess.DEVNULL)
    while not (tmp_path / "state2/state.pt").exists():
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed").exists()
    run_ok(*arguments)
    name = "weights.safetensors"
    assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert (tmp_path / "killed/model.toml").exists() and (tmp_path / "killed/recipe.log.csv").exists()
