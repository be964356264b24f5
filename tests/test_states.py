"""States on disk come back as they were: of NumPy's arrays, of eight devices onto other meshes, and only whole ones."""

import json

import numpy as np
import pytest

import wengert as w
from wengert import states
from wengert.errors import ArgumentError, StateError

pytestmark = pytest.mark.peers
pytest.importorskip("safetensors")
STATE = {
    "w": np.arange(24.0).reshape(8, 3),
    "pair": (np.float32(3.5), np.arange(4) % 2 == 0),
    "waves": np.exp(1j * np.arange(6.0)).reshape(2, 3),
    "key": w.random.key(3),
    "keys": w.random.split(w.random.key(4), 3),
    "empty": np.zeros((0, 2)),
    "step": 7,
    "one wave": np.complex128(1 - 2j),
    "half": np.arange(3, dtype=np.float16),
}


def same(got, want):
    for a, b in zip(w.tree_util.tree_leaves(got), w.tree_util.tree_leaves(want), strict=True):
        b = np.asarray(b)
        assert np.shape(a) == b.shape and np.asarray(a).dtype == b.dtype
        assert np.asarray(a).tobytes() == b.tobytes()


def test_numpy_arrays(tmp_path):
    assert states.latest(tmp_path) is None
    path = states.save(tmp_path, STATE, 12)
    assert path.name == "step-00000012" and states.latest(tmp_path) == 12
    same(states.restore(tmp_path, STATE), STATE)
    types = w.tree.map(lambda x: w.ShapeDtypeStruct(np.shape(x), np.asarray(x).dtype), {"w": STATE["w"]})
    states.save(tmp_path, {"w": STATE["w"]}, 13)
    same(states.restore(tmp_path, types), {"w": STATE["w"]})
    states.save(tmp_path, {"w": STATE["w"] + 1}, 13)  # again
    same(states.restore(tmp_path, types, step=13), {"w": STATE["w"] + 1})
    for k in range(20, 24):
        states.save(tmp_path, {"w": STATE["w"] * k}, k, keep=2)
    assert states.steps(tmp_path) == [22, 23]


def test_what_is_not_whole_is_no_state(tmp_path):
    path = states.save(tmp_path, {"w": STATE["w"]}, 1)
    (tmp_path / ".writing-step-00000002").mkdir()
    (tmp_path / "step-00000003").mkdir()
    assert states.steps(tmp_path) == [1]
    file = next(path.glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(StateError, match="damaged"):
        states.restore(tmp_path, {"w": STATE["w"]})
    path = states.save(tmp_path, {"w": STATE["w"]}, 4)
    file = next(path.glob("*.safetensors"))
    file.unlink()
    with pytest.raises(StateError, match="24 of 24 numbers of .* are missing"):
        states.restore(tmp_path, {"w": STATE["w"]})
    assert json.loads((path / "index.json").read_text())["step"] == 4


@pytest.mark.parametrize(
    "like, message",
    [
        ({"w": np.zeros((8, 4))}, r"is float64\[8, 3\], asked for is float64\[8, 4\]"),
        ({"w": np.zeros((8, 3), "f4")}, "asked for is float32"),
        ({"w": np.zeros((8, 3)), "b": 0.0}, "it lacks"),
        ({}, "it also has"),
    ],
)
def test_other_arrays_than_were_saved(tmp_path, like, message):
    states.save(tmp_path, {"w": STATE["w"]}, 1)
    with pytest.raises(StateError, match=message):
        states.restore(tmp_path, like)
    with pytest.raises(StateError, match=r"no state 9 in .*there are: 1"):
        states.restore(tmp_path, like, step=9)
    with pytest.raises(ArgumentError, match="a state is a tree of arrays"):
        states.save(tmp_path, {"f": "text"}, 2)


def test_arrays_of_devices_onto_other_meshes(tmp_path):
    jax = pytest.importorskip("jax")
    if not hasattr(jax, "_src") or len(jax.devices()) < 8:
        pytest.skip("there are no eight devices")
    P, N = jax.sharding.PartitionSpec, jax.sharding.NamedSharding
    first, other = jax.make_mesh((4, 2), ("d", "m")), jax.make_mesh((2,), ("d",))
    x = w.sharding.place({"w": STATE["w"], "b": np.arange(6.0), "n": np.int64(3)}, {
        "w": N(first, P("d")), "b": N(first, P("m")), "n": N(first, P())})  # fmt: skip
    path = states.save(tmp_path, x, 5)
    size = sum(f.stat().st_size for f in path.glob("*.safetensors"))
    assert size < 8 * (24 + 6 + 1) + 1500  # each number once
    again = states.restore(tmp_path, x)
    same(again, {"b": np.arange(6.0), "n": np.int64(3), "w": STATE["w"]})
    assert again["w"].sharding.is_equivalent_to(N(first, P("d")), 2)
    moved = states.restore(tmp_path, x, shardings={"w": N(other, P(None)), "b": N(other, P("d")), "n": None})
    same(moved, {"b": np.arange(6.0), "n": np.int64(3), "w": STATE["w"]})
    assert moved["b"].sharding.is_equivalent_to(N(other, P("d")), 1)
    plain = states.restore(tmp_path, {"w": np.zeros((8, 3)), "b": np.zeros(6), "n": 0})
    assert isinstance(plain["w"], np.ndarray)
    same(plain, {"b": np.arange(6.0), "n": np.int64(3), "w": STATE["w"]})
