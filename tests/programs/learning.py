"""Machine learning: networks, losses, training loops."""

import numpy as np

RNG = np.random.default_rng(7)
INPUTS = RNG.normal(size=(5, 3))
TARGETS = RNG.normal(size=(5, 2))
LABELS = np.array([0, 2, 1, 1, 0])


def unpack(flat, *shapes):
    """A vector cut into arrays."""
    out, start = [], 0
    for shape in shapes:
        n = int(np.prod(shape))
        out.append(flat[start : start + n].reshape(shape))
        start += n
    return out


def two_layer_network(flat):
    """Mean squared error of a small network."""
    w1, b1, w2, b2 = unpack(flat, (3, 4), (4,), (4, 2), (2,))
    hidden = np.tanh(INPUTS @ w1 + b1)
    return np.mean((hidden @ w2 + b2 - TARGETS) ** 2)


def softmax_classifier(flat):
    """Cross entropy of a linear classifier."""
    w = flat.reshape(3, 3)
    logits = INPUTS @ w
    logits = logits - np.max(logits, axis=1, keepdims=True)
    log_p = logits - np.log(np.sum(np.exp(logits), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(LABELS)), LABELS])


def recurrent_network(flat):
    """A recurrent network over a sequence, its states stored."""
    wx, wh, wo = unpack(flat, (3, 2), (2, 2), (2,))
    h = np.zeros(2)
    outputs = []
    for x in INPUTS:
        h = np.tanh(x @ wx + h @ wh)
        outputs.append(h @ wo)
    return np.stack(outputs)


def attention(flat):
    """One head of attention with a causal mask."""
    wq, wk, wv = flat.reshape(3, 3, 2)
    q, k, v = INPUTS @ wq, INPUTS @ wk, INPUTS @ wv
    scores = q @ k.T / np.sqrt(2)
    scores = np.where(np.tri(len(INPUTS), dtype=bool), scores, -1e9)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (e / e.sum(axis=-1, keepdims=True)) @ v


def layer_norm(flat):
    """Activations normalised over features."""
    x = INPUTS @ flat.reshape(3, 4)
    mean = np.mean(x, axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(np.var(x, axis=-1, keepdims=True) + 1e-5)


def convolution(flat):
    """A convolution by windows, a rectifier, and pooling."""
    kernel = flat.reshape(2, 2)
    image = np.sin(np.arange(25.0)).reshape(5, 5)
    windows = np.lib.stride_tricks.sliding_window_view(image, (2, 2))
    y = np.maximum(np.einsum("ijkl,kl->ij", windows, kernel), 0)
    return y.reshape(2, 2, 2, 2).max(axis=(1, 3))


def train_by_momentum(w0, steps=6):
    """Gradient steps with momentum on least squares, in place."""
    w = w0.copy()
    velocity = np.zeros_like(w)
    y = TARGETS[:, 0]
    for _ in range(steps):
        grad = INPUTS.T @ (INPUTS @ w - y) / len(y)
        velocity *= 0.9
        velocity -= 0.1 * grad
        w += velocity
    return w


def adam_steps(w0, steps=5):
    """Adam on a quadratic, the state in arrays that are updated."""
    w, m, v = w0.copy(), np.zeros_like(w0), np.zeros_like(w0)
    for t in range(1, steps + 1):
        g = 2 * (w - np.arange(len(w)))
        m[:] = 0.9 * m + 0.1 * g
        v[:] = 0.999 * v + 0.001 * g**2
        w -= 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return w


def kmeans_energy(flat):
    """Soft assignments of points to centres."""
    centres = flat.reshape(2, 3)
    d = ((INPUTS[:, None, :] - centres[None]) ** 2).sum(axis=2)
    soft = np.exp(-d) / np.exp(-d).sum(axis=1, keepdims=True)
    return np.sum(soft * d)


def embedding(flat):
    """Vectors looked up by index, and counted by label."""
    table = flat.reshape(4, 2)
    words = np.array([[0, 1, 3], [2, 2, 0]])
    vectors = table[words]
    pooled = vectors.mean(axis=1)
    sums = np.zeros_like(flat, shape=(3, 2))
    np.add.at(sums, np.array([0, 2]), pooled)
    np.add.at(sums, [2], vectors[0, 1])
    return np.vstack([pooled, sums])


def triplet_loss(flat):
    """A margin between near and far pairs."""
    a, p, n = flat.reshape(3, 3)
    near, far = np.linalg.norm(a - p), np.linalg.norm(a - n)
    return max(near - far + 1.0, 0.0 * near)


def decision_stump(params):
    """A soft split, and the spread on its sides."""
    threshold, slope = params
    x, y = INPUTS[:, 0], TARGETS[:, 0]
    left = 1 / (1 + np.exp(slope * (x - threshold)))
    right = 1 - left
    mean_left, mean_right = np.sum(left * y) / np.sum(left), np.sum(right * y) / np.sum(right)
    return np.sum(left * (y - mean_left) ** 2) + np.sum(right * (y - mean_right) ** 2)


PROGRAMS = [
    (two_layer_network, np.linspace(-0.8, 0.9, 26)),
    (softmax_classifier, np.linspace(-0.5, 0.7, 9)),
    (recurrent_network, np.linspace(-0.6, 0.8, 12)),
    (attention, np.linspace(-0.7, 0.5, 18) ** 3),
    (layer_norm, np.sin(np.arange(12.0))),
    (convolution, np.array([0.4, -0.3, 0.2, 0.7])),
    (train_by_momentum, np.array([0.3, -0.2, 0.5])),
    (adam_steps, np.array([0.4, -0.3, 0.8])),
    (kmeans_energy, np.array([0.5, -0.2, 0.1, -0.6, 0.4, 0.3])),
    (embedding, np.linspace(-1.0, 1.0, 8)),
    (triplet_loss, np.array([0.1, 0.4, -0.2, 0.5, 0.1, 0.3, 0.2, 0.9, -0.4])),
    (decision_stump, np.array([0.1, 2.0])),
]
