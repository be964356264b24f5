"""Layers of networks by loops over windows."""

import numpy as np


def relu(x):
    return np.maximum(x, 0)


def softmax(x):
    tmp_max = np.max(x, axis=-1, keepdims=True)
    tmp_out = np.exp(x - tmp_max)
    return tmp_out / np.sum(tmp_out, axis=-1, keepdims=True)


def conv2d(image, weights):
    k, n = weights.shape[0], image.shape[0]
    h, w = image.shape[1] - k + 1, image.shape[2] - k + 1
    out = np.empty((n, h, w, weights.shape[3]), dtype=np.float64)
    for i in range(h):
        for j in range(w):
            out[:, i, j, :] = np.sum(
                image[:, i : i + k, j : j + k, :, np.newaxis] * weights[np.newaxis, :, :, :], axis=(1, 2, 3)
            )
    return out


def conv2d_bias(image, weights, bias):
    return conv2d(image, weights) + bias


def maxpool2d(x):
    out = np.empty([x.shape[0], x.shape[1] // 2, x.shape[2] // 2, x.shape[3]])
    for i in range(x.shape[1] // 2):
        for j in range(x.shape[2] // 2):
            out[:, i, j, :] = np.max(x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, :], axis=(1, 2))
    return out


def lenet(image, conv1, conv2, dense):
    x = maxpool2d(relu(conv2d(image, conv1)))
    x = relu(conv2d(x, conv2))
    x = np.reshape(x, (x.shape[0], -1))
    return softmax(x @ dense)


def batchnorm2d(x, eps=1e-5):
    mean, std = np.mean(x, axis=0, keepdims=True), np.std(x, axis=0, keepdims=True)
    return (x - mean) / np.sqrt(std + eps)


def resnet_block(image, w1, w2):
    padded = np.zeros((image.shape[0], image.shape[1] + 2, image.shape[2] + 2, image.shape[3]))
    padded[:, 1:-1, 1:-1, :] = relu(batchnorm2d(image @ w1))
    return relu(conv2d(padded, w2) + image)


def mlp(x, w1, b1, w2, b2):
    return softmax(relu(x @ w1 + b1) @ w2 + b2)


def attention(q, k, v):
    scores = np.einsum("bhqd,bhkd->bhqk", q, k) / np.sqrt(q.shape[-1])
    return np.einsum("bhqk,bhkd->bhqd", softmax(scores), v)


def gated_recurrence(xs, h, W, U):
    out = np.zeros((len(xs), len(h)))
    for t, x in enumerate(xs):
        z = 1 / (1 + np.exp(-(W @ x + U @ h)))
        h = (1 - z) * h + z * np.tanh(x)
        out[t] = h
    return out


def causal_mask(scores):
    mask = np.triu(np.ones(scores.shape, dtype=bool), 1)
    scores = scores.copy()
    scores[mask] = -1e9
    return softmax(scores)


def dropout_mask(x, keep):
    y = x * 1.0
    y[~keep] = 0
    y[keep] /= keep.mean()
    return y
