"""Keys of the generators beside threefry: what JAX 0.10.2 gives for them on a processor, and how they move through programs."""

import numpy as np
import pytest

import wengert
from wengert import random
from wengert.interop import jax_names

# Words of the key of seed 3 split in two, folded with 7, and its bits.
KNOWN = {
    "rbg": (
        [[3716834203, 3481239269, 3716834203, 3481239269], [1946498123, 2217676430, 1946498123, 2217676430]],
        [2647473427, 4234374204, 2647473427, 4234374204],
        [3146934739, 3391003311, 1891301882, 1478358120, 965525736],
    ),
    "unsafe_rbg": (
        [[3146934739, 3391003311, 1891301882, 1478358120], [1089363569, 1607244725, 1190331783, 2650401737]],
        [2104303640, 250182024, 1106406590, 1983638453],
        [3146934739, 3391003311, 1891301882, 1478358120, 965525736],
    ),
}


@pytest.mark.parametrize("impl", KNOWN)
def test_keys_and_bits_are_those_of_jax(impl):
    key = random.key(3, impl=impl)
    children, folded, bits = KNOWN[impl]
    np.testing.assert_array_equal(random.key_data(random.split(key, 3))[:2], children)
    np.testing.assert_array_equal(random.key_data(random.fold_in(key, 7)), folded)
    np.testing.assert_array_equal(random.bits(key, (5,), "uint32"), bits)
    assert random.key_impl(key) == impl and random.wrap_key_data(random.key_data(key), impl=impl) == key


@pytest.mark.parametrize("impl", KNOWN)
def test_draws_are_the_same_compiled_and_batched(impl):
    keys = random.split(random.key(5, impl=impl), 3)

    def draws(key):
        return random.normal(key, (4,)), random.gamma(key, 2.0), random.poisson(key, 3.0), random.permutation(key, 5)

    for out in (wengert.vmap(draws)(keys), wengert.jit(wengert.vmap(draws))(keys)):
        for i, k in enumerate(keys):
            for batched, one in zip(out, draws(k), strict=True):
                np.testing.assert_allclose(batched[i], one, rtol=1e-12)
    step = wengert.jit(lambda key: wengert.lax.fori_loop(0, 3, lambda i, k: random.fold_in(k, i), key))
    expected = keys[0]
    for i in range(3):
        expected = random.fold_in(expected, i)
    assert step(keys[0]) == expected


def test_generators_that_there_are_not():
    with pytest.raises(wengert.errors.ArgumentError, match="unrecognized PRNG implementation"):
        random.key(0, impl="philox")
    with pytest.raises(wengert.errors.DtypeError, match="expected a key"):
        random.uniform(random.PRNGKey(0, impl="rbg"))


def test_the_default_generator_of_the_alias():
    with jax_names.as_jax():
        import jax

        drawn = jax.jit(lambda: jax.random.bits(jax.random.PRNGKey(3), (2,), "uint32"))
        threefry = np.asarray(drawn())
        with jax.default_prng_impl("rbg"):
            assert str(jax.random.key(0).dtype) == "key<rbg>" and jax.random.PRNGKey(3).shape == (4,)
            np.testing.assert_array_equal(drawn(), KNOWN["rbg"][2][:2])
        np.testing.assert_array_equal(drawn(), threefry)
        with pytest.raises(ValueError, match="new enum value must be in"):
            jax.config.update("jax_default_prng_impl", "mersenne")
