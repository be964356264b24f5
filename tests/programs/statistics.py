"""Statistics: likelihoods, estimators, filters, tests."""

import numpy as np

DATA = np.array([0.3, -1.2, 0.8, 2.1, -0.4, 1.5])


def gaussian_likelihood(params):
    """Minus the log likelihood of a normal sample, by mean and log scale."""
    mean, log_scale = params
    z = (DATA - mean) / np.exp(log_scale)
    return np.sum(0.5 * z**2 + log_scale + 0.5 * np.log(2 * np.pi))


def mixture_likelihood(params):
    """A mixture of two normal distributions, with the largest term taken out of the sum."""
    means, scales, logits = params.reshape(3, 2)
    weights = logits - np.logaddexp.reduce(logits)
    z = (DATA[:, None] - means) / np.exp(scales)
    terms = weights - 0.5 * z**2 - scales
    top = np.max(terms, axis=1, keepdims=True)
    return -np.sum(top[:, 0] + np.log(np.sum(np.exp(terms - top), axis=1)))


def weighted_moments(weights):
    """Mean, variance, skewness and kurtosis of weighted observations."""
    w = weights / np.sum(weights)
    mean = np.average(DATA, weights=weights)
    d = DATA - mean
    var = np.sum(w * d**2)
    return np.stack([mean, var, np.sum(w * d**3) / var**1.5, np.sum(w * d**4) / var**2])


def linear_regression(y):
    """Coefficients and residual variance of a line fitted by least squares."""
    t = np.arange(len(y))
    design = np.column_stack([np.ones(len(y)), t])
    coef = np.linalg.solve(design.T @ design, design.T @ y)
    residual = y - design @ coef
    return np.append(coef, residual @ residual / (len(y) - 2))


def kalman_filter(params):
    """The likelihood of a local level model, filtered one observation after the other."""
    q, r = np.exp(params)
    level, spread, total = 0.0, 1.0, 0.0
    for y in DATA:
        spread = spread + q
        gain = spread / (spread + r)
        error = y - level
        total += 0.5 * (np.log(spread + r) + error**2 / (spread + r))
        level = level + gain * error
        spread = (1 - gain) * spread
    return total


def hidden_markov(logits):
    """The forward algorithm for two states and three symbols."""
    a = logits[:4].reshape(2, 2)
    b = logits[4:].reshape(2, 3)
    transition = np.exp(a) / np.sum(np.exp(a), axis=1, keepdims=True)
    emission = np.exp(b) / np.sum(np.exp(b), axis=1, keepdims=True)
    seen = [0, 2, 1, 1, 0]
    alpha = np.zeros_like(logits, shape=(len(seen), 2))
    alpha[0] = 0.5 * emission[:, seen[0]]
    for t in range(1, len(seen)):
        for j in range(2):
            alpha[t, j] = emission[j, seen[t]] * np.dot(alpha[t - 1], transition[:, j])
    return np.log(alpha[-1].sum())


def gaussian_process(params):
    """The log evidence of a Gaussian process by Cholesky's factor."""
    length, amplitude, noise = np.exp(params)
    t = np.linspace(0, 1, len(DATA))
    d = np.subtract.outer(t, t)
    k = amplitude**2 * np.exp(-0.5 * (d / length) ** 2) + (noise**2 + 1e-6) * np.eye(len(t))
    factor = np.linalg.cholesky(k)
    alpha = np.linalg.solve(factor, DATA)
    return -0.5 * alpha @ alpha - np.log(np.diagonal(factor)).sum()


def kernel_density(points, bandwidth=0.5):
    """A density estimate on a grid, normalised by the trapezoid rule."""
    grid = np.linspace(-3, 3, 13)
    z = (grid[:, np.newaxis] - points[np.newaxis, :]) / bandwidth
    density = np.exp(-0.5 * z**2).mean(axis=1)
    return density / np.trapezoid(density, grid)


def robust_location(data, c=1.3, steps=6):
    """Huber's estimate of location by weights that are computed again."""
    centre = np.median(data)
    for _ in range(steps):
        r = data - centre
        w = np.ones_like(r)
        far = np.abs(r) > c
        w[far] = c / np.abs(r[far])
        centre = np.sum(w * data) / np.sum(w)
    return centre


def multivariate_normal(params):
    """Log density with a covariance that is built from its Cholesky factor."""
    n = 3
    mean, tri = params[:n], params[n:]
    L = np.zeros_like(params, shape=(n, n))
    L[np.tril_indices(n)] = tri
    L[np.diag_indices(n)] = np.exp(np.diag(L))
    x = np.array([0.5, -1.0, 0.3])
    z = np.linalg.solve(L, x - mean)
    return -0.5 * z @ z - np.sum(np.log(np.diag(L))) - 0.5 * n * np.log(2 * np.pi)


def autocorrelation(x):
    """The autocorrelation function."""
    d = x - np.mean(x)
    full = np.correlate(d, d, mode="full")
    half = full[len(x) - 1 :]
    return half / half[0]


def principal_component(flat):
    """The share of variance along the first principal axis."""
    x = flat.reshape(4, 3)
    c = np.cov(x, rowvar=False)
    values = np.linalg.eigvalsh(c)
    return values[-1] / np.trace(c)


def logistic_regression(coef):
    """Minus the log likelihood of a logistic model with a penalty."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(8, 3)), np.array([0, 1, 1, 0, 1, 0, 0, 1])
    eta = x @ coef
    return np.sum(np.log1p(np.exp(-np.abs(eta))) + np.maximum(eta, 0) - y * eta) + 0.1 * np.sum(coef**2)


def exponential_smoothing(params):
    """The squared one-step errors of Holt's linear method."""
    alpha, beta = 1 / (1 + np.exp(-params))
    level, trend = DATA[0], DATA[1] - DATA[0]
    errors = []
    for y in DATA[1:]:
        forecast = level + trend
        errors.append((y - forecast) ** 2)
        new = alpha * y + (1 - alpha) * forecast
        trend = beta * (new - level) + (1 - beta) * trend
        level = new
    return np.sum(np.stack(errors))


PROGRAMS = [
    (gaussian_likelihood, np.array([0.4, 0.1])),
    (mixture_likelihood, np.array([-0.5, 1.5, 0.1, -0.2, 0.3, -0.3])),
    (weighted_moments, np.array([0.5, 1.0, 0.7, 1.2, 0.9, 0.3])),
    (linear_regression, np.array([1.0, 1.9, 3.2, 3.9, 5.3])),
    (kalman_filter, np.array([-0.5, 0.2])),
    (hidden_markov, np.array([0.2, -0.1, 0.5, 0.3, 0.1, -0.6, 0.4, 0.7, -0.2, 0.3])),
    (gaussian_process, np.array([-0.7, 0.2, -0.9])),
    (kernel_density, np.array([-0.6, 0.2, 1.1, 1.4])),
    (robust_location, np.array([0.1, 0.4, -0.2, 3.5, 0.3, -2.9, 0.25])),
    (multivariate_normal, np.array([0.1, -0.2, 0.3, 0.2, -0.4, 0.1, 0.5, 0.3, -0.1])),
    (autocorrelation, np.array([0.2, 1.0, 0.4, -0.7, 0.9, 0.3])),
    (principal_component, np.array([1.0, 0.2, -0.3, 0.5, 1.7, 0.4, -0.8, 0.1, 2.0, 0.3, -1.1, 0.6])),
    (logistic_regression, np.array([0.4, -0.3, 0.8])),
    (exponential_smoothing, np.array([0.3, -0.5])),
]
