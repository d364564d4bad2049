"""diffbench calibrate on tables of losses: answers that can be counted by hand, and refusals."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tensor_files
from program import ROOT, diffbench, run_ok, write_uvit


def lost(counts: list[int], n: int) -> np.ndarray:
    """Losses of 0 and 1 whose column k has counts[k] ones."""
    return np.array([[1.0 if unit < count else 0.0 for count in counts] for unit in range(n)])


def write(path: Path, losses: np.ndarray, thresholds: np.ndarray | None = None) -> Path:
    thresholds = np.linspace(1.0, 0.5, losses.shape[1]) if thresholds is None else thresholds
    if path.suffix == ".npz":
        np.savez(path, losses=losses, thresholds=thresholds)
    else:
        tensor_files.write(path, {"losses": losses, "thresholds": thresholds})
    return path


def calibrate(path: Path, procedure: str, epsilon: float, *more: object) -> dict:
    arguments = ("--losses", path, "--procedure", procedure, "--epsilon", epsilon, *more, "--json")
    return json.loads(run_ok("calibrate", *arguments).stdout)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_what_the_document_says(tmp_path: Path, suffix: str) -> None:
    table = write(tmp_path / f"losses{suffix}", lost([0, 5, 9, 10, 12], 100))
    naive = calibrate(table, "naive", 0.1)
    assert (naive["procedure"], naive["index"], naive["threshold"], naive["n"]) == ("naive", 2, 0.75, 100)
    assert naive["risk"] == pytest.approx(0.09) and naive["bound"] == 0.1
    crc = calibrate(table, "crc", 0.11)
    assert crc["index"] == 3 and crc["bound"] == pytest.approx((101 * 0.11 - 1) / 100)
    ltt = calibrate(table, "ltt_hb", 0.1, "--delta", 0.1)
    assert ltt["index"] == 0 and ltt["risk"] == 0 and ltt["bound"] == pytest.approx(0.9**100)
    assert [row["certified"] for row in ltt["thresholds"]] == [True, False, False, False, False]
    assert calibrate(table, "ltt_hb", 0.1, "--delta", 0.2)["index"] == 1


def test_arrays_in_fortran_order_are_the_same_table(tmp_path: Path) -> None:
    losses = lost([0, 5, 9, 10, 12], 100)
    answers = [calibrate(write(tmp_path / name, array), "ucb_wsr", 0.3)
               for name, array in [("c.npz", losses), ("fortran.npz", np.asfortranarray(losses))]]
    assert answers[0] == answers[1] and answers[0]["index"] is not None


def test_null_where_nothing_qualifies(tmp_path: Path) -> None:
    table = write(tmp_path / "losses.npz", lost([40, 45], 50))
    for procedure in ("crc", "ucb_wsr", "ltt_hb", "naive"):
        answer = calibrate(table, procedure, 0.1)
        assert answer["index"] is answer["threshold"] is answer["risk"] is None
    assert "run the full network" in run_ok(
        "calibrate", "--losses", table, "--procedure", "crc", "--epsilon", 0.1).stdout


def test_a_bound_of_two_and_losses_below_zero(tmp_path: Path) -> None:
    table = write(tmp_path / "losses.npz", 2 * lost([0, 4, 150], 200))
    answer = calibrate(table, "ucb_wsr", 1.8, "--bound", 2)
    assert answer["index"] == 2 and 1.5 < answer["bound"] < 1.8
    losses = lost([10], 100) - lost([30], 100)[::-1]
    gap = write(tmp_path / "gap.npz", np.random.default_rng(0).permutation(losses))  # ucb_wsr minds sorted rows
    assert calibrate(gap, "crc", 0.05)["risk"] == pytest.approx(-0.2)
    assert calibrate(gap, "ucb_wsr", 0.05)["index"] == 0
    assert calibrate(gap, "ltt_hb", 0.05)["index"] is None  # counts negative losses as 0


def test_a_falling_risk_is_reported_and_ltt_recommended(tmp_path: Path) -> None:
    table = write(tmp_path / "losses.npz", lost([0, 80, 2], 200))
    result = run_ok("calibrate", "--losses", table, "--procedure", "crc", "--epsilon", 0.1, "--json")
    answer = json.loads(result.stdout)
    assert answer["recommended"] == "ltt_hb" and "ltt_hb" in result.stderr
    (drop,) = answer["drops"]
    paired = lost([80], 200)[:, 0] - lost([2], 200)[:, 0]
    assert (drop["from"], drop["to"], drop["beyond_noise"]) == (1, 2, True)
    assert drop["size"] == pytest.approx(paired.mean())
    assert drop["standard_error"] == pytest.approx(paired.std(ddof=1) / math.sqrt(200))
    assert calibrate(table, "ltt_hb", 0.1)["recommended"] is None


def test_the_table_for_people(tmp_path: Path) -> None:
    table = write(tmp_path / "losses.npz", lost([0, 5, 60], 100))
    lines = run_ok("calibrate", "--losses", table, "--procedure", "naive", "--epsilon", 0.1).stdout.splitlines()
    assert [line for line in lines if "chosen" in line] == [lines[2]] and "0.75" in lines[2]
    help_text = run_ok("calibrate", "--help").stdout
    assert "Example: diffbench calibrate" in help_text and "ucb_wsr" in help_text


GOOD = lost([0, 1], 10)
FAULTS = {
    "NaN": (np.where(GOOD == 1, np.nan, GOOD), None, [], ["losses.npz", "losses[0, 1]"]),
    "a loss above the bound": (1.5 * GOOD, None, [], ["losses.npz", "losses[0, 1]", "1.5", "--bound"]),
    "a loss below minus the bound": (-1.5 * GOOD, None, [], ["losses.npz", "losses[0, 1]"]),
    "no units": (GOOD[:0], None, [], ["losses.npz"]),
    "no thresholds": (GOOD[:, :0], None, [], ["losses.npz"]),
    "thresholds of another length": (GOOD, np.zeros(3), [], ["losses.npz", "thresholds", "[2]", "[3]"]),
    "thresholds that are not finite": (GOOD, np.array([0.0, np.inf]), [], ["losses.npz", "thresholds[1]"]),
    "losses in one dimension": (GOOD[:, 0], np.zeros(10), [], ["losses.npz", "losses"]),
    "losses of integers": (GOOD.astype(np.int64), np.zeros(2), [], ["losses.npz", "I64"]),
    "epsilon 0": (GOOD, None, ["--epsilon", "0"], ["--epsilon"]),
    "epsilon above the bound": (GOOD, None, ["--epsilon", "1.2"], ["--epsilon"]),
    "epsilon not a number": (GOOD, None, ["--epsilon", "nan"], ["--epsilon"]),
    "delta 1": (GOOD, None, ["--delta", "1"], ["--delta"]),
    "bound 0": (GOOD, None, ["--bound", "0"], ["--bound"]),
    "unknown procedure": (GOOD, None, ["--procedure", "crk"], ["crk", "crc"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_refusals(tmp_path: Path, fault: str) -> None:
    losses, thresholds, flags, words = FAULTS[fault]
    if thresholds is None:
        thresholds = np.arange(losses.shape[1], dtype=np.float64)
    write(tmp_path / "losses.npz", losses, thresholds)
    settings = {"--losses": tmp_path / "losses.npz", "--procedure": "crc", "--epsilon": "0.3"}
    settings |= dict(zip(flags[::2], flags[1::2]))
    refused(diffbench("calibrate", *(text for pair in settings.items() for text in pair)), words)


def refused(result, words: list[str]) -> None:
    assert result.returncode == 2, (result.returncode, result.stderr)
    assert result.stdout == "" and len(result.stderr.strip().splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr, result.stderr


def test_files_that_are_not_there_or_damaged(tmp_path: Path) -> None:
    settings = ("--procedure", "crc", "--epsilon", 0.1)
    refused(diffbench("calibrate", "--losses", tmp_path / "gone.npz", *settings), ["gone.npz"])
    refused(diffbench("calibrate", "--losses", tmp_path / "table.csv", *settings), ["table.csv"])
    table = write(tmp_path / "cut.npz", GOOD)
    table.write_bytes(table.read_bytes()[:100])
    refused(diffbench("calibrate", "--losses", table, *settings), ["cut.npz"])
    refused(diffbench("calibrate", *settings), ["--losses"])


@pytest.fixture
def gated_model(tmp_path: Path) -> Path:
    """a network with random weights, and gates that one step of training made"""
    model = write_uvit(tmp_path / "gated", depth=2, seed=3)
    (model / "recipe.toml").write_text(
        f'task = "uncertainty"\nmodel = "model.toml"\n[optimizer]\nsteps = 1\nbatch = 4\n'
        f'[denoiser]\nstart_model = "{model}"\n'
    )
    run_ok("train", model / "recipe.toml", "--state", tmp_path / "state")
    return model


def test_a_model_is_calibrated_and_runs_under_its_conditions_only(tmp_path: Path, gated_model: Path) -> None:
    sampling = ("--model", gated_model, "--solver", "ddim", "--steps", 2)
    record, losses = tmp_path / "calibration.toml", tmp_path / "losses.safetensors"
    result = json.loads(run_ok(
        "calibrate", *sampling, "--num", 20, "--thresholds", "0,0.3,1", "--epsilon", 0.9, "--procedure", "crc",
        "--out", record, "--losses-out", losses, "--json").stdout)
    # no gate is below 0, every gate is below 1; crc allows (21 * 0.9 - 1) / 20
    assert [row["risk"] for row in result["thresholds"]][0] == 0.0
    assert result["thresholds"][2]["risk"] > 0.0 and result["index"] == 2
    again = calibrate(losses, "crc", 0.9)
    assert (again["index"], again["risk"]) == (2, result["risk"])

    run = ("sample", *sampling, "--method", "risk_controlled", "--param", f"calibration={record}", "--num", 4)
    trace = json.loads(run_ok(*run, "--out", tmp_path / "a.npz", "--json").stdout)
    assert trace["blocks_per_sample"] == 2  # one block in each of two evaluations
    refused = diffbench(*run, "--guidance", 2.0, "--out", tmp_path / "b.npz")
    assert refused.returncode == 2 and "another way of sampling" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1 and not (tmp_path / "b.npz").exists()


def test_one_source_of_losses(tmp_path: Path) -> None:
    for arguments in ((), ("--losses", "x.npz", "--model", "fashion_mnist")):
        refused = diffbench("calibrate", *arguments, "--epsilon", 0.1, "--procedure", "crc")
        assert refused.returncode == 2 and "--losses, --model" in refused.stderr


@pytest.mark.parametrize("arguments, told", [
    (("--thresholds", "0.2,0.1"), "--thresholds"),
    (("--thresholds", "0,1.5"), "--thresholds"),
    (("--epsilon", 2), "--epsilon"),
    (("--param", "granularity=batch_mean"), "granularity"),
])
def test_mistakes_are_told_before_anything_runs(tmp_path: Path, gated_model: Path, arguments, told: str) -> None:
    out = tmp_path / "c.toml"
    base = {"--epsilon": 0.1, "--procedure": "crc", "--num": 10**6} | {arguments[0]: arguments[1]}
    flags = [word for pair in base.items() for word in pair]
    refused = diffbench("calibrate", "--model", gated_model, "--out", out, *flags)
    assert refused.returncode == 2 and told in refused.stderr and not out.exists()


def test_flags_of_a_model_are_refused_with_a_table(tmp_path: Path) -> None:
    table = write(tmp_path / "losses.npz", lost([0, 1], 10))
    refused = diffbench("calibrate", "--losses", table, "--epsilon", 0.5, "--procedure", "crc", "--out", tmp_path / "c.toml")
    assert refused.returncode == 2 and "--out" in refused.stderr


def split(path: Path, *more: object) -> dict:
    return json.loads(run_ok("calibrate", "--losses", path, "--splits", 20, *more, "--json").stdout)


def test_splits_try_every_procedure_at_every_epsilon(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    losses = (random.uniform(size=(300, 1)) < np.array([0.0, 0.05, 0.3])).astype(np.float64)
    table = tmp_path / "losses.npz"
    np.savez(table, losses=losses, thresholds=np.arange(3.0), exits=np.array([1.0, 0.8, 0.3]))
    out = tmp_path / "splits.csv"
    document = split(table, "--epsilons", "0.1,0.6", "--calibration-units", 100, "--splits-out", out)
    assert (document["splits"], document["seed"], document["calibration_units"], document["test_units"]) == (20, 0, 100, 200)
    assert [(row["procedure"], row["epsilon"]) for row in document["rows"]] == [
        (procedure, epsilon) for procedure in ("naive", "crc", "ucb_wsr", "ltt_hb") for epsilon in (0.1, 0.6)]
    for row in document["rows"]:
        if row["epsilon"] == 0.6:  # even the last column is far below: all take it, in every split
            assert row["exit"] == pytest.approx({"mean": 0.3, "low": 0.3, "median": 0.3, "high": 0.3})
            assert row["risk"]["mean"] == pytest.approx(losses[:, 2].mean(), abs=0.02) and row["exceeded_ratio"] == 0
        else:
            assert row["exit"]["mean"] >= 0.8 and row["risk"]["mean"] < 0.1
    written = list(csv.DictReader(out.open()))
    assert [float(row["risk_high"]) for row in written] == [pytest.approx(row["risk"]["high"], rel=1e-5) for row in document["rows"]]
    assert {row["test_units"] for row in written} == {"200"}
    assert document == split(table, "--epsilons", "0.1,0.6", "--calibration-units", 100)
    assert document != split(table, "--epsilons", "0.1,0.6", "--calibration-units", 100, "--split-seed", 1)
    assert "exceeded" in run_ok("calibrate", "--losses", table, "--splits", 3).stdout


SPLIT_FAULTS = {
    "no unit left to test": (["--calibration-units", 10], ["--calibration-units", "losses.npz"]),
    "an epsilon above the bound": (["--epsilons", "0.1,1.5"], ["--epsilon", "1.5"]),
    "no splits": (["--splits", 0], ["--splits"]),
    "a procedure, for all are tried": (["--procedure", "crc"], ["--procedure", "--splits"]),
    "a folder that is not there": (["--splits-out", "gone/s.csv"], ["--splits-out", "gone"]),
}


@pytest.mark.parametrize("fault", SPLIT_FAULTS)
def test_splits_that_cannot_be(tmp_path: Path, fault: str) -> None:
    flags, words = SPLIT_FAULTS[fault]
    table = write(tmp_path / "losses.npz", GOOD)
    settings = {"--losses": table, "--splits": 5} | dict(zip(flags[::2], flags[1::2]))
    refused(diffbench("calibrate", *(text for pair in settings.items() for text in pair)), words)
    refused(diffbench("calibrate", "--losses", table, "--splits-out", "s.csv"), ["--splits"])
    refused(diffbench("calibrate", "--losses", table, "--procedure", "crc"), ["--epsilon"])


@pytest.fixture
def lpips_like(tmp_path: Path) -> Path:
    maker = ROOT / "tests/methods/risk_controlled/make_lpips_like.py"
    subprocess.run([sys.executable, maker, ROOT / "methods/zoo/fashion_mnist/extractor.pt", tmp_path / "lpips.pt"], check=True)
    return tmp_path / "lpips.pt"


LOSSES = {"lpips": (0, 1), "features": (0, 1), "consistency": (0, 1), "consistency_brier": (0, 2), "gap": (-1, 1), "gap_brier": (-2, 2)}


@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_on_a_model(tmp_path: Path, gated_model: Path, lpips_like: Path, loss: str) -> None:
    lowest, highest = LOSSES[loss]
    flags = ("--network", lpips_like) if loss == "lpips" else ()
    table = tmp_path / "losses.safetensors"
    run_ok("calibrate", "--model", gated_model, "--steps", 2, "--num", 12, "--thresholds", "0,1", "--loss", loss, *flags,
           "--epsilon", 0.5, "--procedure", "crc", "--losses-out", table)
    tensors = tensor_files.read(table)
    losses = tensors["losses"]
    assert (losses[:, 0] == 0).all()  # nobody leaves
    assert losses.min() >= lowest and losses.max() <= highest
    if loss in ("lpips", "features", "consistency_brier", "gap_brier"):
        assert np.abs(losses[:, 1]).max() > 0
    else:
        assert set(np.unique(losses)) <= {-1.0, 0.0, 1.0}
    assert tensors["exits"].tolist() == [1.0, pytest.approx(1 / 3)]  # of three blocks


def test_losses_that_cannot_be(tmp_path: Path, gated_model: Path, lpips_like: Path) -> None:
    base = ("calibrate", "--model", gated_model, "--num", 4, "--steps", 2, "--thresholds", "0,1", "--epsilon", 0.5, "--procedure", "crc")
    refused(diffbench(*base, "--loss", "lpips"), ["--network"])
    refused(diffbench(*base, "--loss", "lpips", "--network", tmp_path / "gone.pt"), ["--network", "gone.pt"])
    refused(diffbench(*base, "--loss", "rmse", "--network", lpips_like), ["--network", "rmse"])
    refused(diffbench(*base, "--loss", "lpisp"), ["--loss", "lpips"])
    extractors = ROOT / "tests/harness/quality"
    refused(diffbench(*base, "--loss", "gap", "--extractor", extractors / "features_only.pt"), ["features_only.pt", "logits"])
    refused(diffbench(*base, "--loss", "gap", "--extractor", extractors / "tiny_extractor.pt"), ["tiny_extractor.pt", "4 classes", "10"])
