#!/usr/bin/env python3
"""Writes tests/methods/data/goldens/: small files by the formats' own Python libraries, and malformed ones beside them.

    pip install -r requirements.txt && python make_goldens.py

The C++ tests read them and compare; expected values of a checkpoint stand in a .safetensors file of the same stem.
"""
import argparse
import codecs
import collections
import gzip
import io
import pickle
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
GOLDENS = HERE / "goldens"
HOSTILE = GOLDENS / "hostile"


def all_types():
    torch.manual_seed(1)
    values = torch.randn(3, 4)
    return {
        "f64": values.double(), "f32": values, "f16": values.half(), "bf16": values.bfloat16(),
        "i64": torch.arange(-3, 3), "i32": torch.arange(6, dtype=torch.int32).reshape(2, 3),
        "i16": torch.tensor([-1, 2], dtype=torch.int16), "i8": torch.tensor([-128, 127], dtype=torch.int8),
        "u8": torch.tensor([[0, 255]], dtype=torch.uint8), "bool": torch.tensor([True, False, True]),
        "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3),
    }


def save_expected(stem, tensors):
    save_file({name: t.detach().contiguous().clone() for name, t in tensors.items()}, GOLDENS / f"{stem}.safetensors")


def views():
    base = torch.arange(24, dtype=torch.float32)
    matrix = base.reshape(4, 6)
    parameter = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    with_state = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    with_state.note = "kept by _rebuild_parameter_with_state"
    return {
        "transposed": matrix.t(), "slice": matrix[1:3, 2:5], "step": base[3::4], "shared": base[5:9],
        "expanded": torch.tensor([7.0]).expand(5), "permuted": base.reshape(2, 3, 4).permute(2, 0, 1),
        "parameter": parameter, "with_state": with_state,
    }


def make_checkpoints():
    tensors = all_types()
    save_file(tensors, GOLDENS / "types.safetensors", metadata={"written by": "safetensors"})
    torch.save(tensors, GOLDENS / "types.pth")
    for protocol in (3, 4, 5):
        torch.save(tensors, GOLDENS / f"types_protocol{protocol}.pth", pickle_protocol=protocol)

    save_expected("views", views())
    torch.save(views(), GOLDENS / "views.pth")

    net = torch.nn.Sequential(collections.OrderedDict(first=torch.nn.Linear(3, 2), norm=torch.nn.LayerNorm(2)))
    ema = {name: value + 1 for name, value in net.state_dict().items()}
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    args = argparse.Namespace(lr=1e-4, image_size=256, tags=["a", "b"], seed=2**70, ratio=(1, 2.5), flag=True, other=None,
                              raw=b"\x00\xff", choices={1, 2}, big=10**6, negative=-70000, device=torch.device("cpu"))
    save_expected("training", ema)
    torch.save({"model": net.state_dict(), "ema": ema, "opt": optimizer.state_dict(), "args": args, "step": 3},
               GOLDENS / "training.pth")
    model = net.state_dict()
    save_expected("wrapped", model)
    torch.save({"state_dict": {f"module.{k}": v for k, v in model.items()}, "epoch": 1}, GOLDENS / "wrapped.pth")
    # as DuoDiff's trainer saves it
    torch.save({"step": 3, "model_state_dict": model, "optimizer_state_dict": optimizer.state_dict(),
                "scaler_state_dict": {"scale": 65536.0, "growth_factor": 2.0}, "args": args,
                "lr_scheduler_state_dict": {"base_lrs": [2e-4], "last_epoch": 3, "lr_lambdas": [None]},
                "dataloader_sampler_state": {"perm": torch.arange(5), "perm_index": 2, "epoch": 0, "seed": 1},
                "train_state": {"logs": [{"Train loss": 0.5}], "step": 3}}, GOLDENS / "model_state_dict.pth")
    averaged = torch.optim.swa_utils.AveragedModel(net)
    torch.save(averaged.state_dict(), GOLDENS / "averaged.pth")
    torch.save({"encoder": dict(list(model.items())[:1]), "decoder": [list(model.values())[1]]}, GOLDENS / "nested.pth")

    torch.save(model, GOLDENS / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.jit.save(torch.jit.script(net), GOLDENS / "torchscript.pt")
    drop_entries(GOLDENS / "torchscript.pt", ".debug_pkl")  # they hold paths of the machine
    replace_entry("types.pth", "big_endian.pth", "byteorder", b"big")


def replace_entry(source, target, ending, content):
    with zipfile.ZipFile(GOLDENS / source) as old, zipfile.ZipFile(GOLDENS / target, "w") as new:
        for item in old.infolist():
            new.writestr(item.filename, content if item.filename.endswith(ending) else old.read(item))


def drop_entries(path, ending):
    with zipfile.ZipFile(path) as archive:
        kept = {name: archive.read(name) for name in archive.namelist() if not name.endswith(ending)}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in kept.items():
            archive.writestr(name, content)


class Call:
    """Pickles as a call of `function`; for functions, classes and storages that the checkpoint shall refer to."""

    def __init__(self, function, *args):
        self.reduced = (function, args)

    def __reduce__(self):
        return self.reduced


class Storage:
    def __init__(self, kind, key, count):
        self.id = ("storage", kind, key, "cpu", count)


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return value.id if isinstance(value, Storage) else None


def pickled(value, protocol=2):
    out = io.BytesIO()
    Pickler(out, protocol=protocol).dump(value)
    return out.getvalue()


def write_checkpoint(path, data_pkl, storages=(), compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", data_pkl)
        archive.writestr("archive/byteorder", b"little")
        for key, content in enumerate(storages):
            archive.writestr(f"archive/data/{key}", content)


def make_crafted():
    v3 = torch._utils._rebuild_tensor_v3
    storage = struct.pack("<4e", 1, 2, 3, 4)
    tensor = Call(v3, Storage(torch.storage.UntypedStorage, "0", 8), 1, torch.Size([3]), (1,), False,
                  collections.OrderedDict(), torch.float16)
    write_checkpoint(GOLDENS / "untyped.pth", pickled({"x": tensor}), [storage])
    save_expected("untyped", {"x": torch.tensor([2, 3, 4], dtype=torch.float16)})


def tensor_v2(kind=torch.FloatStorage, key="0", count=4, offset=0, size=(4,), stride=(1,)):
    return Call(torch._utils._rebuild_tensor_v2, Storage(kind, key, count), offset, size, stride, False,
                collections.OrderedDict())


def make_hostile():
    import os
    storage = struct.pack("<4f", 1, 2, 3, 4)

    def write(name, data_pkl, storages=(storage,), **options):
        write_checkpoint(HOSTILE / f"{name}.pth", data_pkl, storages, **options)

    # globals: each refused by its name
    write("os_system", pickled({"x": Call(os.system, "exit 99")}))
    write("os_system_protocol0", b"cos\nsystem\n(S'exit 99'\ntR.")
    write("os_system_inst", b"(S'exit 99'\nios\nsystem\n.")
    write("os_system_stack_global", b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x07exit 99\x85R.")
    write("os_system_obj", b"(cos\nsystem\nS'exit 99'\no.")
    write("eval", pickled({"x": Call(eval, "1/0")}))
    write("getattr", pickled(Call(getattr, Call(__import__, "os"), "system")))
    write("unknown_class", b"\x80\x02cmy.models\nSecret\n)\x81}b.")
    write("unreferenced", b"\x80\x02}cos\nsystem\n0.")
    write("newline_global", b"\x80\x04\x8c\x03o\ns\x8c\x06sys\ntm\x93.")
    write("extension", b"\x80\x02\x82\x01.")
    write("attribute_of_allowed", b"\x80\x04\x8c\x0ctorch._utils\x8c\x14sys.modules.os.syste\x93.")
    write("call_of_data", b"\x80\x02X\x06\x00\x00\x00systemX\x01\x00\x00\x00x\x85R.")
    write("build_on_text", b"\x80\x02X\x01\x00\x00\x00x}b.")

    # shapes and storages that do not fit
    write("outside_storage", pickled({"x": tensor_v2(size=(5,))}))
    write("offset_outside", pickled({"x": tensor_v2(offset=1)}))
    write("negative_offset", pickled({"x": tensor_v2(offset=-1)}))
    write("negative_stride", pickled({"x": tensor_v2(offset=3, stride=(-1,))}))
    write("negative_size", pickled({"x": tensor_v2(size=(-4,))}))
    write("overflowing_size", pickled({"x": tensor_v2(size=(2**62, 2**62), stride=(0, 0))}))
    write("overflowing_stride", pickled({"x": tensor_v2(size=(3, 3), stride=(2**62, 2**62))}))
    write("huge_number", pickled({"x": tensor_v2(size=(2**80,))}))
    write("view_bomb", pickled({"x": tensor_v2(size=(2**40,), stride=(0,))}))
    write("many_views", pickled({f"x{i}": tensor_v2(size=(2**22,), stride=(0,)) for i in range(8)}))
    write("huge_storage", pickled({"x": tensor_v2(count=2**40)}))
    write("wrong_storage_size", pickled({"x": tensor_v2(count=5)}))
    write("missing_storage", pickled({"x": tensor_v2(key="7")}))
    write("storage_outside", pickled({"x": tensor_v2(key="../data.pkl")}))
    write("rank_mismatch", pickled({"x": tensor_v2(size=(2, 2))}))
    write("complex", pickled({"x": tensor_v2(kind=torch.ComplexFloatStorage, count=2, size=(2,))}))
    write("few_arguments", pickled({"x": Call(torch._utils._rebuild_tensor_v2)}))
    write("no_storage", pickled({"x": Call(torch._utils._rebuild_tensor_v2, 1, 0, (4,), (1,), False, None)}))
    write("negated", pickled({"x": Call(torch._utils._rebuild_tensor_v2, Storage(torch.FloatStorage, "0", 4), 0, (4,),
                                        (1,), False, collections.OrderedDict(), {"neg": True})}))

    # the pickle itself
    write("deep_nesting", b"\x80\x02" + b"(" * 20000 + b"l" * 20000 + b".")
    write("deep_lists", b"\x80\x02" + b"]" * 20000 + b"a" * 19999 + b".")
    write("cycle", b"\x80\x02]q\x00h\x00a.")
    write("laughs", b"\x80\x02]q\x00" + b"".join(b"]q" + bytes([i + 1]) + b"(" + b"h" + bytes([i]) + b"h" + bytes([i])
                                                   + b"e" for i in range(60)) + b".")
    long_tuple = b"(" + b"N" * 20000 + b"tq\x01"
    write("repeated_arguments", b"\x80\x02ctorch\nSize\nq\x00" + long_tuple + b"(" + b"h\x00h\x01R" * 2000 + b"l.")
    write("no_stop", b"\x80\x02}")
    write("empty_stack", b"\x80\x02.")
    write("unset_memo", b"\x80\x02h\x05.")
    write("no_mark", b"\x80\x02t.")
    write("unknown_opcode", b"\x80\x02\xff.")
    write("odd_dict", b"\x80\x02}(NNNu.")
    write("text_too_long", b"\x80\x02X\xff\xff\xff\x7fabc.")
    write("text_far_too_long", b"\x80\x04\x8d" + b"\xff" * 8 + b"abc.")
    write("no_tensors", pickled({"a": 1}))
    write("single_tensor", pickled(tensor_v2()))
    write("same_name", pickled({"a": {"b": tensor_v2()}, "a.b": tensor_v2()}))
    write("empty_pickle", b"")
    write("packed_bomb", pickled({"x": tensor_v2(count=2**20, size=(2**20,))}), [bytes(2**22)],
          compression=zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(HOSTILE / "no_pickle.pth", "w") as archive:
        archive.writestr("archive/readme", b"nothing")


def npy(array, version):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    return out.getvalue()


def pickled_array(*state):
    """An array as numpy pickles it, with any state."""
    reconstruct, arguments, _ = np.zeros(0).__reduce__()
    array = Call(reconstruct, *arguments)
    array.reduced += state
    return array


def make_numpy():
    arrays = {name: t.numpy() for name, t in all_types().items() if name != "bf16"}
    arrays["fortran"] = np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    save_expected("arrays", {name: torch.from_numpy(np.ascontiguousarray(a).reshape(a.shape))
                             for name, a in arrays.items()})
    np.savez(GOLDENS / "arrays_stored.npz", **arrays)
    np.savez_compressed(GOLDENS / "arrays_deflated.npz", **arrays)
    with zipfile.ZipFile(GOLDENS / "arrays_versions.npz", "w") as archive:
        for i, (name, array) in enumerate(arrays.items()):
            archive.writestr(f"{name}.npy", npy(array, (1 + i % 3, 0)))
    for protocol in (2, 3, 4):  # torch.save's own, and those in which bytes are no text
        torch.save(arrays, GOLDENS / f"arrays_protocol{protocol}.pth", pickle_protocol=protocol)
    # what torch_fidelity.metric_fid.fid_features_to_statistics makes and caches, and pytorch-fid's file of the same
    features = np.random.default_rng(1).normal(size=(9, 3)).astype(np.float32)
    statistics = {"mu": np.mean(features, axis=0), "sigma": np.cov(features, rowvar=False)}
    torch.save(statistics, GOLDENS / "statistics.pt")
    np.savez(GOLDENS / "statistics.npz", **statistics)
    torch.save({"x": np.array([{}, 1], dtype=object)}, HOSTILE / "array_of_objects.pth")
    torch.save({"x": np.arange(3, dtype=">f4")}, HOSTILE / "array_big_endian.pth")
    write_checkpoint(HOSTILE / "array_never_set.pth", pickled({"x": pickled_array()}))
    write_checkpoint(HOSTILE / "array_without_bytes.pth", pickled({"x": pickled_array((1, (3,), np.dtype("<f4"), False, b"1234"))}))
    write_checkpoint(HOSTILE / "array_of_nothing.pth", pickled({"x": pickled_array((1, (-1,), np.dtype("<f4"), False, b""))}))
    write_checkpoint(HOSTILE / "array_not_latin.pth", pickled({"x": pickled_array((1, (1,), np.dtype("u1"), False, Call(codecs.encode, "\u0100", "latin1")))}))
    shared = np.zeros(2**15, np.uint8)
    write_checkpoint(HOSTILE / "array_bomb.pth", pickled({i: shared for i in range(4000)}))
    np.savez(HOSTILE / "object.npz", x=np.array([{}, 1], dtype=object))
    np.savez(HOSTILE / "big_endian.npz", x=np.arange(3, dtype=">f4"))
    np.savez(HOSTILE / "structured.npz", x=np.zeros(2, dtype=[("a", "<f4")]))
    np.savez(HOSTILE / "text.npz", x=np.array(["abc"]))
    with zipfile.ZipFile(HOSTILE / "not_an_array.npz", "w") as archive:
        archive.writestr("x.txt", b"text")


def make_images():
    grey = (np.arange(35, dtype=np.uint8).reshape(5, 7) * 7)
    rgb = np.stack([grey, grey + 1, 255 - grey], axis=2)
    Image.fromarray(grey).save(GOLDENS / "grey.png")
    Image.fromarray(rgb).save(GOLDENS / "rgb.png")
    Image.fromarray(np.concatenate([rgb, grey[:, :, None]], axis=2)).save(GOLDENS / "rgba.png")
    Image.fromarray(grey.astype(np.uint16) * 256 + 255).save(GOLDENS / "grey16.png")
    palette = Image.fromarray(grey % 4)
    palette.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
    palette.save(GOLDENS / "palette.png")


def make_idx():
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    plain = struct.pack(">HBB3I", 0, 8, 3, *images.shape) + images.tobytes()
    (GOLDENS / "images.idx").write_bytes(plain)
    (GOLDENS / "images.idx.gz").write_bytes(gzip.compress(plain, mtime=0))


def main():
    shutil.rmtree(GOLDENS, ignore_errors=True)
    HOSTILE.mkdir(parents=True)
    make_checkpoints()
    make_crafted()
    make_hostile()
    make_numpy()
    make_images()
    make_idx()


if __name__ == "__main__":
    main()
