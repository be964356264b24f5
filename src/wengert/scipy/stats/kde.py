"""Density estimates with normal kernels, after Scott (1992), "Multivariate Density Estimation"."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import as_array, ndim_of, shape_of
from ...errors import ArgumentError, NotSupportedError, ShapeError
from ...ops import elementwise as ew
from ...ops.shape import moveaxis
from ...ops.special.declare import floating
from ...ops.special.functions import ndtr
from ...vocabulary import ArrayLike, Value
from ..linalg import solve_triangular


class gaussian_kde:  # noqa: N801 (SciPy's name)
    """A density estimated from points: the mean of normal densities around them.

    Everything is differentiable, in the points of the data set and in those at which the density is taken.

    Args:
        dataset: ``(points,)`` or ``(dimensions, points)``.
        bw_method: "scott", "silverman", a number that scales the covariance of the data, or a function that gives it.
        weights: ``(points,)``, positive, or None.

    Raises:
        ArgumentError: there is but one point, or no such `bw_method`. ShapeError: `weights` do not fit.

    Example:
        >>> print(round(float(gaussian_kde(np.array([0.0, 1.0, 3.0]))(1.0)[0]), 4))
        0.2149
    """

    def __init__(self, dataset: Any, bw_method: Any = None, weights: ArrayLike | None = None) -> None:
        (data,) = floating(dataset)
        self.dataset = wnp.atleast_2d(data)
        self.d, self.n = shape_of(self.dataset)
        if self.n < 2:
            raise ArgumentError("gaussian_kde: the data set has one point; give it several, as its last axis")
        if weights is None:
            self.weights: Any = np.full(self.n, 1 / self.n, self.dataset.dtype)
        else:
            (weights,) = floating(weights)
            if shape_of(weights) != (self.n,):
                raise ShapeError(f"gaussian_kde: weights have shape {shape_of(weights)}, expected {(self.n,)}")
            self.weights = weights / wnp.sum(weights)
        self.neff = 1 / wnp.sum(self.weights * self.weights)
        self._set_bandwidth(bw_method)

    def _set_bandwidth(self, bw_method: ArrayLike) -> None:
        factors: dict[Any, Callable[[], Any]] = {
            None: self.scotts_factor,
            "scott": self.scotts_factor,
            "silverman": self.silverman_factor,
        }
        if bw_method is None or isinstance(bw_method, str):
            if bw_method not in factors:
                raise ArgumentError(
                    f"gaussian_kde: bw_method is 'scott', 'silverman', a number or a function, got {bw_method!r}"
                )
            self.factor = factors[bw_method]()
        else:
            self.factor = bw_method(self) if callable(bw_method) else as_array(bw_method)
        centred = self.dataset - (self.dataset @ self.weights)[:, None]
        spread = (self.weights * centred) @ centred.T / (1 - 1 / self.neff)
        self.covariance = spread * self.factor * self.factor
        self._root = wnp.linalg.cholesky(self.covariance)

    @property
    def inv_cov(self) -> Any:
        """The inverse of the covariance of a kernel."""
        return wnp.linalg.inv(self.covariance)

    def scotts_factor(self) -> Any:
        """Scott's factor, ``n**(-1 / (d + 4))`` with the effective number of points."""
        return ew.power(self.neff, -1.0 / (self.d + 4))

    def silverman_factor(self) -> Any:
        """Silverman's factor."""
        return ew.power(self.neff * (self.d + 2) / 4, -1.0 / (self.d + 4))

    def _points(self, points: ArrayLike) -> Value:
        (points,) = floating(points)
        if ndim_of(points) < 2:
            points = points.reshape((1, -1)) if self.d == 1 else points.reshape((-1, 1))
        if shape_of(points)[0] != self.d:
            raise ShapeError(f"gaussian_kde: points have {shape_of(points)[0]} dimensions, the data {self.d}")
        return points

    def _log_kernels(self, points: ArrayLike, data: ArrayLike, root: ArrayLike) -> Any:
        """The logarithms of the kernels: ``(data, points)``."""
        a, b = solve_triangular(root, data, lower=True), solve_triangular(root, points, lower=True)
        z = a[:, :, None] - b[:, None, :]
        norm = wnp.sum(ew.log(wnp.diagonal(root))) + self.d / 2 * math.log(2 * math.pi)
        return -0.5 * wnp.sum(z * z, axis=0) - norm

    def logpdf(self, x: Any) -> Any:
        """The logarithm of the density at points ``(dimensions, points)``."""
        logs = self._log_kernels(self._points(x), self.dataset, self._root)
        return wnp.logsumexp(logs + ew.log(self.weights)[:, None], axis=0)

    def evaluate(self, points: Any) -> Value:
        """The density at points ``(dimensions, points)``."""
        return self.weights @ ew.exp(self._log_kernels(self._points(points), self.dataset, self._root))

    pdf = __call__ = evaluate

    def integrate_gaussian(self, mean: ArrayLike, cov: ArrayLike) -> Value:
        """The integral of the density times a normal one."""
        mean, cov = floating(mean, cov)
        mean, cov = wnp.atleast_1d(mean), wnp.atleast_2d(cov)
        if shape_of(mean) != (self.d,) or shape_of(cov) != (self.d, self.d):
            raise ShapeError(f"gaussian_kde: mean and covariance must have {self.d} dimensions")
        root = wnp.linalg.cholesky(self.covariance + cov)
        return self.weights @ ew.exp(self._log_kernels(mean[:, None], self.dataset, root))[:, 0]

    def integrate_box_1d(self, low: Any, high: Any) -> Any:
        """The probability of an interval, of a density in one dimension."""
        if self.d != 1:
            raise ArgumentError("gaussian_kde: integrate_box_1d is for one dimension")
        low, high = floating(low, high)
        scale = ew.sqrt(self.covariance[0, 0])
        return wnp.sum(self.weights * (ndtr((high - self.dataset[0]) / scale) - ndtr((low - self.dataset[0]) / scale)))

    def integrate_kde(self, other: gaussian_kde) -> Value:
        """The integral of the product with another density estimate."""
        if other.d != self.d:
            raise ShapeError(f"gaussian_kde: the densities have {self.d} and {other.d} dimensions")
        root = wnp.linalg.cholesky(self.covariance + other.covariance)
        return self.weights @ ew.exp(self._log_kernels(other.dataset, self.dataset, root)) @ other.weights

    def resample(self, key: ArrayLike, shape: tuple[int, ...] = ()) -> Value:
        """Draw points from the density: ``(dimensions, *shape)``; `key` is of `wengert.random`."""
        from ... import random

        which, noise = random.split(key)
        index = random.choice(which, self.n, shape, p=self.weights)
        z = random.normal(noise, (*shape, self.d), self.dataset.dtype)  # a row for each point: the draws of JAX
        return self.dataset[:, index] + moveaxis(z @ self._root.T, -1, 0)

    def integrate_box(self, *_: Any, **__: Any) -> Any:
        """Not here: the probability of a box in several dimensions."""
        raise NotSupportedError("gaussian_kde: integrate_box is not here; use integrate_box_1d, or draw with resample")

    def set_bandwidth(self, bw_method: Any = None) -> Any:
        """Not here: a density estimate is a value. Make another one."""
        raise NotSupportedError("gaussian_kde: set_bandwidth changes in place; make gaussian_kde(dataset, bw_method)")
