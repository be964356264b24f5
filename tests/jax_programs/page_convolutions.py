"""Convolutions of jax.numpy, jax.scipy.signal and jax.lax."""

import jax
import jax.numpy as jnp
import jax.scipy as jsp
from jax import lax
from showing import show

x = jnp.sin(jnp.linspace(0, 3, 8))
window = jnp.array([0.25, 0.5, 0.25])
show("convolve", lambda: [jnp.convolve(x, window, mode=m) for m in ("full", "same", "valid")])
show("correlate", lambda: [jnp.correlate(x, window, mode=m) for m in ("full", "same", "valid")])
show("mode", lambda: jnp.convolve(x, window, mode="other"))
show("2d of convolve", lambda: jnp.convolve(x[None], window[None]))
image = jnp.arange(20.0).reshape(4, 5) % 7
show(
    "convolve2d",
    lambda: [jsp.signal.convolve2d(image, window[:, None] * window, mode=m) for m in ("full", "same", "valid")],
)
show("signal convolve", jsp.signal.convolve, image, window[:, None] * window, mode="same")
show("fftconvolve", jsp.signal.fftconvolve, x, window, mode="same")
img = jnp.zeros((1, 8, 6, 2)).at[0, 2:5, 1:4, 0].set(1.0).at[0, :, 2, 1].set(0.5)
kernel = (
    jnp.zeros((3, 3, 2, 2)).at[:, :, 0, 0].add(jnp.array([[1, 1, 0], [1, 0, -1], [0, -1, -1]])).at[1, 1, 1, 1].set(2.0)
)
dn = lax.conv_dimension_numbers(img.shape, kernel.shape, ("NHWC", "HWIO", "NHWC"))
print(dn)
nchw = lambda a: jnp.transpose(a, (0, 3, 1, 2))
oihw = jnp.transpose(kernel, (3, 2, 0, 1))
show("conv", lambda: lax.conv(nchw(img), oihw, (1, 1), "SAME").sum((0, 1)))
show(
    "with padding",
    lambda: lax.conv_with_general_padding(nchw(img), oihw, (1, 1), ((2, 2), (2, 2)), (1, 1), (1, 1)).shape,
)
show("general", lambda: lax.conv_general_dilated(img, kernel, (1, 1), "SAME", dimension_numbers=dn)[0, :, :, 0])
show("strides", lambda: lax.conv_general_dilated(img, kernel, (2, 2), "SAME", (1, 1), (1, 1), dn)[0, :, :, 0])
show("valid", lambda: lax.conv_general_dilated(img, kernel, (1, 1), "VALID", (1, 1), (1, 1), dn)[0, :, :, 1])
show("rhs dilation", lambda: lax.conv_general_dilated(img, kernel, (1, 1), "VALID", (1, 1), (2, 2), dn)[0, :, :, 0])
show(
    "lhs dilation",
    lambda: lax.conv_general_dilated(img, kernel, (1, 1), ((0, 0), (0, 0)), (2, 2), (1, 1), dn)[0, ::3, :, 0],
)
show(
    "transposed",
    lambda: lax.conv_transpose(img, kernel, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))[0, ::4, :, 0],
)
show(
    "groups",
    lambda: lax.conv_general_dilated(
        img, kernel[:, :, :1], (1, 1), "SAME", dimension_numbers=dn, feature_group_count=2
    )[0, 3],
)
data = jnp.cumsum(jnp.ones((1, 6, 2)), 1)
dn1 = lax.conv_dimension_numbers(data.shape, (3, 2, 2), ("NWC", "WIO", "NWC"))
show(
    "1d",
    lambda: lax.conv_general_dilated(data, jnp.ones((3, 2, 2)).at[0, 0, 0].set(-1.0), (1,), "SAME", (1,), (1,), dn1),
)
cube = jnp.zeros((1, 4, 4, 4, 1)).at[0, 1:3, 1:3, 1:3, 0].set(1.0)
dn3 = lax.conv_dimension_numbers(cube.shape, (2, 2, 2, 1, 1), ("NHWDC", "HWDIO", "NHWDC"))
show(
    "3d",
    lambda: lax.conv_general_dilated(cube, jnp.ones((2, 2, 2, 1, 1)), (1, 1, 1), "SAME", (1, 1, 1), (1, 1, 1), dn3)[
        0, 1, :, :, 0
    ],
)
show(
    "grad",
    jax.grad(lambda k: jnp.sum(lax.conv_general_dilated(img, k, (2, 2), "SAME", (1, 1), (1, 1), dn) ** 2)),
    kernel[:2, :2],
)
show(
    "grad image",
    jax.grad(lambda i: jnp.sum(lax.conv_general_dilated(i, kernel, (1, 1), "VALID", (1, 1), (2, 2), dn) ** 2)),
    img[:, :5, :5],
)
show("channels", lambda: lax.conv_general_dilated(img, jnp.ones((3, 3, 3, 1)), (1, 1), "SAME", dimension_numbers=dn))
show(
    "dtypes",
    lambda: lax.conv_general_dilated(img, jnp.ones((3, 3, 2, 1), jnp.int32), (1, 1), "SAME", dimension_numbers=dn),
)
show("padding word", lambda: lax.conv_general_dilated(img, kernel, (1, 1), "HALF", dimension_numbers=dn))
show("numbers", lambda: lax.conv_dimension_numbers((1, 2, 3), (1, 2, 3), ("NXC", "WIO", "NWC")))
show("pool", lambda: lax.reduce_window(img, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")[0, :, :, 0])
show("average", lambda: lax.reduce_window(img, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "SAME")[0, :, :, 1] / 4)
show(
    "preferred",
    lambda: lax.conv_general_dilated(
        img.astype(jnp.bfloat16),
        kernel.astype(jnp.bfloat16),
        (4, 4),
        "SAME",
        dimension_numbers=dn,
        preferred_element_type=jnp.float32,
    ),
)
